-- Which backups were made before this instant?
-- Grain: one row per backup, the oldest first, at the most the 50 newest of them; files that were deleted meanwhile too.
select
    d.dump_name,
    d.made_at
from (
    select
        cast(l.told_text as jsonb) ->> 'file_name' as dump_name,
        l.noted_at as made_at
    from ops.audit_lines as l
    where l.what_name = 'exported.dump' and l.noted_at < :before_at
    order by l.noted_at desc
    limit 50
) as d
order by d.made_at
