-- For how long is each kind of rows kept, from when on are they whole, and what was deleted last for its age?
-- Grain: one row per kind; kept_months is null where there is no limit, whole_from_at while nothing was ever deleted.
select
    r.kind_name,
    r.kept_months,
    r.whole_from_at,
    r.noted_at,
    l.deleted_at,
    l.deleted_rows
from ops.retentions as r
left join lateral (
    select
        d.deleted_at,
        sum(d.deleted_rows) as deleted_rows
    from ops.retention_deletions as d
    where d.kind_name = r.kind_name
    group by d.deleted_at
    order by d.deleted_at desc
    limit 1
) as l on true
order by array_position(
    array['calls', 'agents', 'tickets', 'money', 'loads', 'sessions', 'audit', 'figures'], r.kind_name
), r.kind_name
