-- How long do first replies, resolutions and the requester's wait take: the average, the middle one, and nine out of ten?
-- Grain: one row per measure and kind of hours. First reply: tickets created in the window; the others: tickets that are solved
-- now, with their last solving in the window. Calendar hours, and business hours where the ticket has a timetable.
with replied as (
    select
        t.first_reply_seconds,
        t.first_reply_business_seconds
    from warehouse.tickets as t
    where
        t.created_at >= :window_start and t.created_at < :window_end and t.created_at <= :as_of and t.first_reply_at <= :as_of
        and not t.is_deleted
        and (cast(:group_name as text) is null or coalesce(t.group_name, '') = :group_name)
        and (cast(:priority_name as text) is null or coalesce(t.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(t.channel_name, '') = :channel_name)
),

solved as (
    select
        t.first_resolution_seconds,
        t.first_resolution_business_seconds,
        t.full_resolution_seconds,
        t.full_resolution_business_seconds,
        t.requester_wait_seconds,
        t.requester_wait_business_seconds
    from warehouse.tickets as t
    where
        t.last_resolved_at >= :window_start and t.last_resolved_at < :window_end and t.last_resolved_at <= :as_of
        and t.resolved_at is not null and not t.is_deleted
        and (cast(:group_name as text) is null or coalesce(t.group_name, '') = :group_name)
        and (cast(:priority_name as text) is null or coalesce(t.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(t.channel_name, '') = :channel_name)
),

told as (
    select
        v.measure_name,
        v.hours_name,
        v.passed_seconds
    from replied as r
    cross join lateral (
        values
        ('first_reply', 'calendar', r.first_reply_seconds),
        ('first_reply', 'business', r.first_reply_business_seconds)
    ) as v (measure_name, hours_name, passed_seconds)
    union all
    select
        v.measure_name,
        v.hours_name,
        v.passed_seconds
    from solved as s
    cross join lateral (
        values
        ('first_resolution', 'calendar', s.first_resolution_seconds),
        ('first_resolution', 'business', s.first_resolution_business_seconds),
        ('full_resolution', 'calendar', s.full_resolution_seconds),
        ('full_resolution', 'business', s.full_resolution_business_seconds),
        ('requester_wait', 'calendar', s.requester_wait_seconds),
        ('requester_wait', 'business', s.requester_wait_business_seconds)
    ) as v (measure_name, hours_name, passed_seconds)
)

select
    t.measure_name,
    t.hours_name,
    count(*) as measured_tickets,
    sum(t.passed_seconds) as measured_total_seconds,
    round(percentile_cont(0.5) within group (order by t.passed_seconds)) as median_seconds,
    round(percentile_cont(0.9) within group (order by t.passed_seconds)) as ninth_decile_seconds
from told as t
where t.passed_seconds is not null
group by t.measure_name, t.hours_name
order by t.measure_name, t.hours_name
