-- Of which days is a forecast made: the comparable days of each day of the period, with what they brought?
-- Grain: one row per day of the period that has a forecast and comparable day; the chosen queues together, or one of them. Of the day
-- of :as_of only what had come by the same time of the clock. The forecast of a day is the median of its rows, in whole calls.
with zone as (
    select
        warehouse.site_zone_name() as zone_name,
        :as_of at time zone warehouse.site_zone_name() as local_at
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
from warehouse.compared_days(
    cast(:first_date as date), cast(:last_date as date), :as_of, cast(:queue_id as integer), cast(:group_name as text)
) as e
cross join zone as z
-- The days are those of the chosen queues together; of one of them only its own calls.
where e.queue_id is not distinct from cast(:of_queue_id as integer)
order by e.day_date desc, e.compared_date desc
