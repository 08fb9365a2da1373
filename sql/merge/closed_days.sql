-- Which local days are closed, or begun, for what is due once a day?
-- Grain: one row per work, source and day from the first day asked for on.
select
    d.work_name,
    d.source_name,
    d.day_date,
    d.closed_at is not null as is_closed,
    d.closed_at is null and d.taken_at > clock_timestamp() - make_interval(secs => :lease_seconds) as is_at_work
from ops.closed_days as d
where d.day_date >= :first_date
