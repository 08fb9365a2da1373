-- What was to be expected of each 15 minutes of a local day, by the same weekday of the weeks before, and what came?
-- Grain: one row per 15 minutes of the site's local day. Forecasts are medians of comparable days, in whole calls, of the
-- chosen queues together; null where fewer than three days compare and on a holiday. Compared by the clock on the wall: a
-- quarter that it showed twice counts by half of both, one that it leapt over is not known of that day, and not 0.
with zone as (
    select warehouse.site_zone_name() as zone_name
),

slots as (
    select
        g.interval_start_at,
        cast(g.interval_start_at at time zone z.zone_name as time) as local_time
    from zone as z
    cross join lateral generate_series(
        cast(:day_date as timestamp) at time zone z.zone_name,
        (cast(:day_date as timestamp) + interval '1 day') at time zone z.zone_name - interval '15 minutes',
        interval '15 minutes'
    ) as g (interval_start_at)
),

weeks as materialized (
    select
        d.day_date,
        d.day_start_at,
        d.day_end_at
    from warehouse.comparable_days(cast(:day_date as date), :queue_id, :group_name) as d
),

judged as (
    select
        count(w.day_date) as week_count,
        warehouse.is_holiday(cast(:day_date as date), :queue_id, :group_name) as is_holiday
    from weeks as w
),

week_slots as (
    select
        w.day_date,
        cast(g.interval_start_at at time zone z.zone_name as time) as local_time,
        count(*) as showing_count,
        min(g.interval_start_at) as first_start_at,
        max(g.interval_start_at) as last_start_at
    from weeks as w
    cross join zone as z
    cross join lateral generate_series(
        w.day_start_at, w.day_end_at - interval '15 minutes', interval '15 minutes'
    ) as g (interval_start_at)
    group by w.day_date, local_time
),

told as (
    select
        i.interval_start_at,
        sum(i.offered_calls) as offered_calls
    from weeks as w
    cross join warehouse.chosen_queues(:queue_id, :group_name) as c
    inner join warehouse.queue_intervals as i
        on c.queue_id = i.queue_id and w.day_start_at <= i.interval_start_at and w.day_end_at > i.interval_start_at
    group by i.interval_start_at
),

spread as (
    select
        s.interval_start_at,
        p.day_date,
        coalesce(sum(t.offered_calls), 0) / max(p.showing_count) as offered_calls
    from slots as s
    inner join week_slots as p on s.local_time = p.local_time
    left join told as t on p.first_start_at = t.interval_start_at or p.last_start_at = t.interval_start_at
    group by s.interval_start_at, p.day_date
),

usual as (
    select
        p.interval_start_at,
        count(*) as day_count,
        round(cast(percentile_cont(0.5) within group (order by p.offered_calls) as numeric)) as forecast_calls,
        round(min(p.offered_calls)) as forecast_least_calls,
        round(max(p.offered_calls)) as forecast_most_calls,
        round(max(p.offered_calls) filter (where p.day_date = cast(:day_date as date) - 7)) as week_before_calls
    from spread as p
    group by p.interval_start_at
),

came as (
    select
        i.interval_start_at,
        sum(i.offered_calls) as offered_calls
    from warehouse.chosen_queues(:queue_id, :group_name) as c
    inner join warehouse.queue_intervals as i on c.queue_id = i.queue_id
    where
        i.interval_start_at >= (select min(s.interval_start_at) from slots as s)
        and i.interval_start_at <= (select max(s.interval_start_at) from slots as s)
    group by i.interval_start_at
)

select
    s.interval_start_at,
    s.interval_start_at + interval '15 minutes' as interval_end_at,
    coalesce(a.offered_calls, 0) as offered_calls,
    f.forecast_calls,
    f.forecast_least_calls,
    f.forecast_most_calls,
    abs(coalesce(a.offered_calls, 0) - f.forecast_calls) as forecast_error_calls,
    case when f.forecast_calls is not null then coalesce(a.offered_calls, 0) end as forecasted_offered_calls,
    u.week_before_calls,
    j.week_count,
    j.is_holiday
from slots as s
cross join judged as j
left join came as a on s.interval_start_at = a.interval_start_at
left join usual as u on s.interval_start_at = u.interval_start_at
left join usual as f on s.interval_start_at = f.interval_start_at and f.day_count >= 3 and not j.is_holiday
order by s.interval_start_at
