-- Which contacts were decided for the service level (answered, left, or past T while waiting) until an instant?
-- Grain: one row per queue and window (today; the last 15 and 30 minutes), by the instant of the decision.
with days as (
    select
        q.queue_id,
        q.service_level_threshold_seconds,
        q.short_abandon_seconds,
        date_trunc('day', :as_of at time zone q.time_zone_name) at time zone q.time_zone_name as day_start_at
    from warehouse.queues as q
),

decided as (
    select
        d.queue_id,
        d.day_start_at,
        d.short_abandon_seconds,
        d.service_level_threshold_seconds,
        c.wait_seconds,
        c.answered_at <= :as_of as is_answered,
        case when c.ended_at <= :as_of then c.outcome_name end as outcome_name,
        least(
            c.answered_at, c.ended_at, c.offered_at + make_interval(secs => d.service_level_threshold_seconds + 1)
        ) as decided_at
    from days as d
    -- The offset keeps the search in each queue's own day: joined freely, all that was ever offered is read for it.
    cross join lateral (
        select
            o.offered_at,
            o.answered_at,
            o.ended_at,
            o.wait_seconds,
            o.outcome_name
        from warehouse.calls as o
        where
            o.queue_id = d.queue_id and o.offered_at <= :as_of
            and o.offered_at >= d.day_start_at - interval '4 hours' and o.direction_name = 'inbound'
        offset 0
    ) as c
),

windows as (
    select
        w.window_name,
        w.window_seconds
    from (values ('today', null::integer), ('last_15_minutes', 900), ('last_30_minutes', 1800))
        as w (window_name, window_seconds)
)

select
    d.queue_id,
    w.window_name,
    count(*) as offered_calls,
    count(*) filter (where d.is_answered) as answered_calls,
    count(*) filter (where d.is_answered and d.wait_seconds <= d.service_level_threshold_seconds)
        as answered_in_threshold_calls,
    count(*) filter (where d.outcome_name = 'abandoned') as abandoned_calls,
    count(*) filter (where d.outcome_name = 'abandoned' and d.wait_seconds < d.short_abandon_seconds)
        as short_abandoned_calls,
    count(*) filter (where d.outcome_name = 'abandoned' and d.wait_seconds <= d.service_level_threshold_seconds)
        as abandoned_in_threshold_calls,
    count(*) filter (where d.outcome_name in ('callback', 'overflowed', 'timed_out', 'withdrawn')) as flowed_out_calls,
    count(*) filter (
        where
        d.outcome_name in ('callback', 'overflowed', 'timed_out', 'withdrawn')
        and d.wait_seconds <= d.service_level_threshold_seconds
    ) as flowed_out_in_threshold_calls
from decided as d
inner join windows as w
    on
        d.decided_at <= :as_of
        and case
            when w.window_seconds is null then d.decided_at >= d.day_start_at
            else d.decided_at > :as_of - make_interval(secs => w.window_seconds)
        end
group by d.queue_id, w.window_name
order by d.queue_id, w.window_name
