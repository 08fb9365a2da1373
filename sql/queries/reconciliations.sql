-- Does the warehouse hold what each origin tells of the days that ended?
-- Grain: one row per source and local day of the last 30 days, the newest first: its last comparison, and all that was mended.
with compared as (
    select
        r.*,
        row_number() over (
            partition by r.source_name, r.day_date
            order by r.outcome_name = 'failed', r.checked_at desc, r.reconciliation_id desc
        ) as newest_number,
        sum(r.mended_rows) over (partition by r.source_name, r.day_date) as mended_in_all_rows
    from ops.reconciliations as r
    where r.checked_at <= :as_of and r.day_date >= cast(:as_of - interval '31 days' as date)
)

select
    c.source_name,
    c.day_date,
    c.checked_at,
    c.origin_rows,
    c.warehouse_rows,
    c.missing_rows,
    c.differing_rows,
    c.mended_in_all_rows as mended_rows,
    c.surplus_rows,
    c.duration_seconds,
    case when c.outcome_name = 'agreed' and c.mended_in_all_rows > 0 then 'mended' else c.outcome_name end
        as outcome_name,
    c.reason_text
from compared as c
where c.newest_number = 1
order by c.day_date desc, c.source_name
