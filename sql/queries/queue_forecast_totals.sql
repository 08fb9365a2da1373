-- How many contacts were to be expected of each queue in a period, and how many came on the same days?
-- Grain: one row per queue, and one with queue_id null for all chosen queues together. A day's forecast is the median of
-- its comparable days (warehouse.compared_days), in whole calls; of the day of :as_of only what was to come by then. Days without
-- a forecast (fewer than three comparable days, or a holiday) are left out of both figures; both are null where no day has one.
with zone as (
    select
        warehouse.site_zone_name() as zone_name,
        :as_of at time zone warehouse.site_zone_name() as local_at
),

expected as materialized (
    select
        e.queue_id,
        e.day_date,
        round(cast(percentile_cont(0.5) within group (order by e.expected_calls) as numeric)) as forecast_calls,
        round(min(e.expected_calls)) as forecast_least_calls,
        round(max(e.expected_calls)) as forecast_most_calls
    from warehouse.compared_days(
        cast(:first_date as date), cast(:last_date as date), :as_of, cast(:queue_id as integer), cast(:group_name as text)
    ) as e
    group by e.queue_id, e.day_date
),

chosen as materialized (
    select c.queue_id from warehouse.chosen_queues(:queue_id, :group_name) as c
),

told as materialized (
    select
        i.queue_id,
        l.day_date,
        sum(i.offered_calls) as offered_calls
    from zone as z
    cross join chosen as c
    inner join warehouse.queue_intervals as i
        on
            c.queue_id = i.queue_id
            and cast(cast(:first_date as date) as timestamp) at time zone z.zone_name <= i.interval_start_at
            and cast(cast(:last_date as date) + 1 as timestamp) at time zone z.zone_name > i.interval_start_at
    cross join lateral (select cast(i.interval_start_at at time zone z.zone_name as date) as day_date) as l
    -- Of the day of :as_of the quarters that had passed; what was running then is counted from the calls.
    where l.day_date <> cast(z.local_at as date) or i.interval_start_at + interval '15 minutes' <= :as_of
    group by i.queue_id, l.day_date
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
        sum(coalesce(t.offered_calls, 0) + case when d.day_date = cast(z.local_at as date) then coalesce(r.offered_calls, 0) else 0 end)
            as offered_calls
    from (select distinct e.day_date from expected as e) as d
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
