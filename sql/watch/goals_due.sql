-- Which days of which goals are to be measured now: those never measured in this version, and the newest ones once more?
-- Grain: one row per goal and local day of the site, the newest first; a day is measured once it has begun.
with zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

today as (
    select cast(cast(:now as timestamptz) at time zone z.time_zone_name as date) as day_date from zone as z
)

select
    g.goal_id,
    g.version_number,
    g.metric_name,
    g.scope_kind_name,
    g.scope_key,
    cast(d.day_at as date) as day_date,
    (d.day_at - make_interval(days => g.window_days - 1)) at time zone z.time_zone_name as window_start_at,
    (d.day_at + interval '1 day') at time zone z.time_zone_name as window_end_at
from warehouse.goals as g
cross join zone as z
cross join today as t
cross join lateral generate_series(
    cast(g.started_date as timestamp),
    cast(least(g.deadline_date, t.day_date, cast(g.closed_at at time zone z.time_zone_name as date)) as timestamp),
    interval '1 day'
) as d (day_at)
left join warehouse.goal_days as m on g.goal_id = m.goal_id and m.day_date = cast(d.day_at as date)
where
    m.goal_id is null
    or m.version_number <> g.version_number
    or (
        g.closed_at is null
        -- Today goes on; the ten days before may still be told of. Each comes round again after a while.
        and m.measured_at < cast(:now as timestamptz) - case
            when cast(d.day_at as date) = t.day_date then interval '5 minutes'
            when cast(d.day_at as date) >= t.day_date - 10 then interval '6 hours'
            else interval '100 years'
        end
    )
order by d.day_at desc, g.goal_id
limit :most_rows
