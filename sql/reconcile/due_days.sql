-- Which days of a source are to be compared: the last one, those that nobody compared since the last that was, and those that failed.
-- Grain: one row per local day, the oldest first.
with compared as (
    select
        r.day_date,
        bool_and(r.outcome_name = 'failed') as is_failed
    from ops.reconciliations as r
    where r.source_name = :source_name and r.day_date <= cast(:last_date as date)
    group by r.day_date
)

select d.day_date::date as day_date
from generate_series(cast(:first_date as timestamp), cast(:last_date as timestamp), interval '1 day') as d (day_date)
left join compared as c on d.day_date::date = c.day_date
where
    d.day_date::date = cast(:last_date as date)
    or c.is_failed
    or (c.day_date is null and d.day_date::date > (select min(e.day_date) from compared as e))
order by d.day_date
