-- How long do first replies, resolutions and the requester's wait take: the average, the middle one, and nine out of ten?
-- Grain: one row per measure and kind of hours, of the same tickets as in ticket_groups. First reply: created in the window; first
-- resolution: first solved in it; the others: solved at its end, last solved in it. Business hours where there is a timetable.
with replied as (
    select
        t.first_reply_seconds,
        t.first_reply_business_seconds
    from warehouse.tickets as t
    where
        t.created_at >= :window_start and t.created_at <= :last_at and t.first_reply_at <= :as_of
        and not t.is_deleted
        and (cast(:group_name as text) is null or coalesce(t.group_name, '') = :group_name)
        and (cast(:priority_name as text) is null or coalesce(t.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(t.channel_name, '') = :channel_name)
),

solvings as materialized (
    select
        v.source_name,
        v.ticket_id,
        v.solved_at,
        v.reopened_at,
        t.created_at,
        t.first_resolved_at,
        t.first_resolution_seconds,
        t.first_resolution_business_seconds,
        case when t.resolved_at = v.solved_at then t.full_resolution_business_seconds end as full_business_seconds,
        case when t.resolved_at = v.solved_at then t.requester_wait_seconds end as requester_wait_seconds,
        case when t.resolved_at = v.solved_at then t.requester_wait_business_seconds end as requester_wait_business_seconds
    from warehouse.ticket_solvings(:window_start, :window_end) as v
    inner join warehouse.tickets as t on v.source_name = t.source_name and v.ticket_id = t.ticket_id
    where
        v.solved_at >= :window_start and v.solved_at <= :last_at
        and (cast(:group_name as text) is null or coalesce(t.group_name, '') = :group_name)
        and (cast(:priority_name as text) is null or coalesce(t.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(t.channel_name, '') = :channel_name)
),

first_solved as (
    select
        max(v.first_resolution_seconds) as first_resolution_seconds,
        max(v.first_resolution_business_seconds) as first_resolution_business_seconds
    from solvings as v
    where v.solved_at = v.first_resolved_at
    group by v.source_name, v.ticket_id
),

solved as (
    select
        cast(floor(extract(epoch from v.solved_at - v.created_at)) as bigint) as full_resolution_seconds,
        v.full_business_seconds,
        v.requester_wait_seconds,
        v.requester_wait_business_seconds
    from solvings as v
    where v.reopened_at is null or v.reopened_at > :last_at
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
    from first_solved as f
    cross join lateral (
        values
        ('first_resolution', 'calendar', f.first_resolution_seconds),
        ('first_resolution', 'business', f.first_resolution_business_seconds)
    ) as v (measure_name, hours_name, passed_seconds)
    union all
    select
        v.measure_name,
        v.hours_name,
        v.passed_seconds
    from solved as s
    cross join lateral (
        values
        ('full_resolution', 'calendar', s.full_resolution_seconds),
        ('full_resolution', 'business', s.full_business_seconds),
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
