-- How many contacts were to be expected of each queue in a period, and how many came on the same days?
-- Grain: one row per queue, and one with queue_id null for all chosen queues together. A day's forecast is the median of
-- its comparable days, in whole calls; of the day of :as_of only what was to come by then. Days without a forecast (fewer
-- than three comparable days, or a holiday) are left out of both figures; both are null where no day has one. Of a
-- comparable day of 25 hours the quarters that the clock showed twice count by half of both.
with zone as (
    select
        warehouse.site_zone_name() as zone_name,
        :as_of at time zone warehouse.site_zone_name() as local_at
),

days as materialized (
    select cast(g.day_at as date) as day_date
    from zone as z
    cross join lateral generate_series(
        cast(:first_date as timestamp),
        least(cast(:last_date as timestamp), date_trunc('day', z.local_at)),
        interval '1 day'
    ) as g (day_at)
    where not warehouse.is_holiday(cast(g.day_at as date), :queue_id, :group_name)
),

pairs as materialized (
    select
        d.day_date,
        c.day_date as compared_date,
        count(*) over (partition by d.day_date) as week_count
    from days as d
    cross join lateral warehouse.comparable_days(d.day_date, :queue_id, :group_name) as c
),

chosen as materialized (
    select c.queue_id from warehouse.chosen_queues(:queue_id, :group_name) as c
),

wanted as (
    select
        min(w.day_date) as first_date,
        max(w.day_date) as last_date
    from (
        select p.compared_date as day_date from pairs as p
        union all
        select d.day_date from days as d
    ) as w
),

twice as materialized (
    select d.day_date
    from wanted as w
    cross join zone as z
    cross join lateral generate_series(w.first_date, w.last_date, interval '1 day') as g (day_at)
    cross join lateral (select cast(g.day_at as date) as day_date) as d
    where
        cast(d.day_date + 1 as timestamp) at time zone z.zone_name - cast(d.day_date as timestamp) at time zone z.zone_name
        > interval '24 hours'
),

shown as materialized (
    select
        i.queue_id,
        i.interval_start_at,
        i.offered_calls,
        l.local_at,
        case
            when
                cast(l.local_at as date) in (select t.day_date from twice as t)
                and warehouse.shown_at(l.local_at, z.zone_name, false) <> warehouse.shown_at(l.local_at, z.zone_name, true)
                then i.offered_calls / 2.0
            else i.offered_calls
        end as compared_calls
    from zone as z
    cross join wanted as w
    cross join chosen as c
    inner join warehouse.queue_intervals as i
        on
            c.queue_id = i.queue_id
            and cast(w.first_date as timestamp) at time zone z.zone_name <= i.interval_start_at
            and cast(w.last_date + 1 as timestamp) at time zone z.zone_name > i.interval_start_at
    cross join lateral (select i.interval_start_at at time zone z.zone_name as local_at) as l
),

told as materialized (
    select
        s.queue_id,
        cast(s.local_at as date) as day_date,
        sum(s.offered_calls) as whole_calls,
        sum(s.compared_calls) as compared_calls,
        coalesce(sum(s.offered_calls) filter (where s.interval_start_at + interval '15 minutes' <= :as_of), 0)
            as passed_calls,
        -- until the clock time of :as_of; the quarter of an hour that was running then counts as far as it had run
        sum(
            s.compared_calls * least(
                greatest(extract(epoch from cast(z.local_at as time) - cast(s.local_at as time)) / 900, 0), 1
            )
        ) as until_calls
    from shown as s
    cross join zone as z
    group by s.queue_id, cast(s.local_at as date)
),

compared as (
    select
        c.queue_id,
        p.day_date,
        p.compared_date,
        sum(case when p.day_date = cast(z.local_at as date) then coalesce(t.until_calls, 0) else coalesce(t.compared_calls, 0) end)
            as expected_calls
    from pairs as p
    cross join zone as z
    cross join chosen as c
    left join told as t on c.queue_id = t.queue_id and p.compared_date = t.day_date
    where p.week_count >= 3
    group by grouping sets ((c.queue_id, p.day_date, p.compared_date), (p.day_date, p.compared_date))
),

expected as (
    select
        e.queue_id,
        e.day_date,
        round(cast(percentile_cont(0.5) within group (order by e.expected_calls) as numeric)) as forecast_calls,
        round(min(e.expected_calls)) as forecast_least_calls,
        round(max(e.expected_calls)) as forecast_most_calls
    from compared as e
    group by e.queue_id, e.day_date
),

running as (
    select
        r.queue_id,
        count(*) as offered_calls
    from chosen as c
    inner join warehouse.calls as r on c.queue_id = r.queue_id
    where
        r.offered_at >= date_bin('15 minutes', :as_of, '2000-01-01 00:00+00') and r.offered_at <= :as_of
        and r.direction_name = 'inbound'
    group by r.queue_id
),

came as (
    select
        c.queue_id,
        d.day_date,
        sum(
            case
                when d.day_date = cast(z.local_at as date) then coalesce(t.passed_calls, 0) + coalesce(r.offered_calls, 0)
                else coalesce(t.whole_calls, 0)
            end
        ) as offered_calls
    from days as d
    cross join zone as z
    cross join chosen as c
    left join told as t on c.queue_id = t.queue_id and d.day_date = t.day_date
    left join running as r on c.queue_id = r.queue_id
    group by grouping sets ((c.queue_id, d.day_date), (d.day_date))
),

asked as (
    select c.queue_id from chosen as c
    union all
    select null as queue_id
)

select
    a.queue_id,
    sum(e.forecast_calls) as forecast_calls,
    sum(e.forecast_least_calls) as forecast_least_calls,
    sum(e.forecast_most_calls) as forecast_most_calls,
    sum(n.offered_calls) as forecasted_offered_calls,
    count(e.day_date) as forecast_day_count,
    (cast(:last_date as date) - cast(:first_date as date) + 1) as day_count
from asked as a
left join expected as e on a.queue_id is not distinct from e.queue_id
left join came as n on a.queue_id is not distinct from n.queue_id and e.day_date = n.day_date
group by a.queue_id
order by a.queue_id nulls first
