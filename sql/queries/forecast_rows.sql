-- Of which days is a forecast made: the comparable days of each day of the period, with what they brought?
-- Grain: one row per day of the period that has a forecast and comparable day; the chosen queues together. Of the day of :as_of only
-- what had come by the same time of the clock. The forecast of a day is the median of its rows, in whole calls.
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
    -- The days are those of the chosen queues together; of one of them only its own calls.
    select c.queue_id
    from warehouse.chosen_queues(:queue_id, :group_name) as c
    where cast(:of_queue_id as integer) is null or c.queue_id = :of_queue_id
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

told as materialized (
    select
        i.queue_id,
        cast(i.interval_start_at at time zone z.zone_name as date) as day_date,
        sum(i.offered_calls) as whole_calls,
        coalesce(sum(i.offered_calls) filter (where i.interval_start_at + interval '15 minutes' <= :as_of), 0)
            as passed_calls,
        -- until the clock time of :as_of; the quarter of an hour that was running then counts as far as it had run
        sum(
            i.offered_calls * least(
                greatest(
                    extract(
                        epoch from cast(z.local_at as time) - cast(i.interval_start_at at time zone z.zone_name as time)
                    ) / 900,
                    0
                ),
                1
            )
        ) as until_calls
    from zone as z
    cross join wanted as w
    cross join chosen as c
    inner join warehouse.queue_intervals as i
        on
            c.queue_id = i.queue_id
            and cast(w.first_date as timestamp) at time zone z.zone_name <= i.interval_start_at
            and cast(w.last_date + 1 as timestamp) at time zone z.zone_name > i.interval_start_at
    group by i.queue_id, cast(i.interval_start_at at time zone z.zone_name as date)
),

compared as (
    select
        p.day_date,
        p.compared_date,
        sum(case when p.day_date = cast(z.local_at as date) then coalesce(t.until_calls, 0) else coalesce(t.whole_calls, 0) end)
            as expected_calls
    from pairs as p
    cross join zone as z
    cross join chosen as c
    left join told as t on c.queue_id = t.queue_id and p.compared_date = t.day_date
    where p.week_count >= 3
    group by p.day_date, p.compared_date
)

select
    e.day_date,
    e.compared_date,
    cast(e.compared_date as timestamp) at time zone z.zone_name as window_start_at,
    case
        when e.day_date = cast(z.local_at as date)
            then (e.compared_date + cast(z.local_at as time)) at time zone z.zone_name
        else cast(e.compared_date + 1 as timestamp) at time zone z.zone_name
    end as window_end_at,
    e.expected_calls as expected_number,
    concat_ws('|', e.day_date, e.compared_date) as row_text
from compared as e
cross join zone as z
order by e.day_date desc, e.compared_date desc
