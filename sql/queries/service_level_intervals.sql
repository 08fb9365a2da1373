-- How did a local day go, interval by interval, for one queue or (null) all of them?
-- Grain: one row per 15 minutes of the local day, also those without a contact; 23 hours or 25 on the DST days.
with chosen as (
    select
        q.queue_id,
        q.service_level_threshold_seconds,
        q.service_level_target_ratio,
        q.service_level_formula_name
    from warehouse.queues as q
    where cast(:queue_id as integer) is null or q.queue_id = :queue_id
),

zone as (
    select coalesce(
        (select q.time_zone_name from warehouse.queues as q where q.queue_id = :queue_id),
        (select min(s.time_zone_name) from warehouse.sites as s),
        (select min(q.time_zone_name) from warehouse.queues as q),
        'UTC'
    ) as time_zone_name
),

slots as (
    select
        g.interval_start_at,
        g.interval_start_at + interval '15 minutes' as interval_end_at
    from zone as z
    cross join lateral generate_series(
        cast(:day_date as timestamp) at time zone z.time_zone_name,
        (cast(:day_date as timestamp) + interval '1 day') at time zone z.time_zone_name,
        interval '15 minutes'
    ) as g (interval_start_at)
    where g.interval_start_at < (cast(:day_date as timestamp) + interval '1 day') at time zone z.time_zone_name
),

told as (
    select
        case when count(distinct c.service_level_formula_name) = 1 then min(c.service_level_formula_name) end
            as service_level_formula_name,
        case when count(distinct c.service_level_threshold_seconds) = 1 then min(c.service_level_threshold_seconds) end
            as service_level_threshold_seconds,
        case when count(distinct c.service_level_target_ratio) = 1 then min(c.service_level_target_ratio) end
            as service_level_target_ratio
    from chosen as c
)

select
    s.interval_start_at,
    s.interval_end_at,
    t.service_level_formula_name,
    t.service_level_threshold_seconds,
    t.service_level_target_ratio,
    coalesce(sum(i.offered_calls), 0) as offered_calls,
    coalesce(sum(i.answered_calls), 0) as answered_calls,
    coalesce(sum(i.answered_in_threshold_calls), 0) as answered_in_threshold_calls,
    coalesce(sum(i.abandoned_calls), 0) as abandoned_calls,
    coalesce(sum(i.short_abandoned_calls), 0) as short_abandoned_calls,
    coalesce(sum(i.abandoned_in_threshold_calls), 0) as abandoned_in_threshold_calls,
    coalesce(sum(i.flowed_out_calls), 0) as flowed_out_calls,
    coalesce(sum(i.flowed_out_in_threshold_calls), 0) as flowed_out_in_threshold_calls,
    coalesce(sum(i.interrupted_calls), 0) as interrupted_calls,
    coalesce(sum(i.waiting_calls), 0) as waiting_calls,
    coalesce(sum(i.answered_wait_seconds), 0) as answered_wait_seconds,
    max(i.longest_wait_seconds) as longest_wait_seconds
from slots as s
cross join told as t
left join warehouse.queue_intervals as i
    on
        s.interval_start_at = i.interval_start_at
        and i.queue_id in (select c.queue_id from chosen as c)
group by
    s.interval_start_at, s.interval_end_at, t.service_level_formula_name, t.service_level_threshold_seconds,
    t.service_level_target_ratio
order by s.interval_start_at
