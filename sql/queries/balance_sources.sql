-- What did each source deliver day by day, what became of its rows, and does its own count agree?
-- Grain: one row per source and local day of the site with a load or a comparison, the newest day first. Rows are those of the
-- loads that ended on the day; the comparison is the last one of the records that happened on the day; open_rejected_rows: of
-- the rows refused that day those that no replay has taken.
with zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

loads as (
    select
        r.source_name,
        cast(r.ended_at at time zone z.time_zone_name as date) as day_date,
        count(*) as run_count,
        count(*) filter (where r.outcome_name = 'failed') as failed_run_count,
        sum(r.read_rows) as read_rows,
        sum(r.loaded_rows) as loaded_rows,
        sum(r.unchanged_rows) as unchanged_rows,
        sum(r.rejected_rows) as rejected_rows
    from ops.runs as r
    cross join zone as z
    where r.ended_at >= :window_start and r.ended_at < :window_end
    group by r.source_name, cast(r.ended_at at time zone z.time_zone_name as date)
),

refused as (
    select
        r.source_name,
        cast(r.rejected_at at time zone z.time_zone_name as date) as day_date,
        count(*) as open_rejected_rows
    from ops.rejects as r
    cross join zone as z
    where r.rejected_at >= :window_start and r.rejected_at < :window_end and r.replayed_at is null
    group by r.source_name, cast(r.rejected_at at time zone z.time_zone_name as date)
),

compared as (
    select distinct on (r.source_name, r.day_date)
        r.*,
        sum(r.mended_rows) over (partition by r.source_name, r.day_date) as mended_in_all_rows
    from ops.reconciliations as r
    cross join zone as z
    where
        r.day_date >= cast(:window_start at time zone z.time_zone_name as date)
        and r.day_date < cast(:window_end at time zone z.time_zone_name as date)
    order by r.source_name asc, r.day_date asc, (r.outcome_name = 'failed') asc, r.checked_at desc, r.reconciliation_id desc
),

days as (
    select
        l.source_name,
        l.day_date
    from loads as l
    union
    select
        f.source_name,
        f.day_date
    from refused as f
    union
    select
        c.source_name,
        c.day_date
    from compared as c
)

select
    d.source_name,
    d.day_date,
    coalesce(l.run_count, 0) as run_count,
    coalesce(l.failed_run_count, 0) as failed_run_count,
    coalesce(l.read_rows, 0) as read_rows,
    coalesce(l.loaded_rows, 0) as loaded_rows,
    coalesce(l.unchanged_rows, 0) as unchanged_rows,
    coalesce(l.rejected_rows, 0) as rejected_rows,
    coalesce(f.open_rejected_rows, 0) as open_rejected_rows,
    c.origin_rows,
    c.warehouse_rows,
    c.origin_rows - c.missing_rows - c.differing_rows as agreed_rows,
    c.missing_rows,
    c.differing_rows,
    c.mended_in_all_rows as mended_rows,
    c.surplus_rows,
    case when c.outcome_name = 'agreed' and c.mended_in_all_rows > 0 then 'mended' else c.outcome_name end
        as outcome_name,
    c.reason_text
from days as d
left join loads as l on d.source_name = l.source_name and d.day_date = l.day_date
left join refused as f on d.source_name = f.source_name and d.day_date = f.day_date
left join compared as c on d.source_name = c.source_name and d.day_date = c.day_date
order by d.day_date desc, d.source_name
