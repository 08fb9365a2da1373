-- How does each queue stand at an instant, and what has its local day brought until then?
-- Grain: one row per queue. Uses only what had happened at :as_of, so a past instant gives what was shown then.
with days as (
    select
        q.queue_id,
        q.queue_name,
        q.group_name,
        q.time_zone_name,
        q.service_level_threshold_seconds,
        q.service_level_target_ratio,
        q.service_level_formula_name,
        q.short_abandon_seconds,
        date_trunc('day', :as_of at time zone q.time_zone_name) at time zone q.time_zone_name as day_start_at
    from warehouse.queues as q
    where
        -- One row by the index, and never all that was ever offered: an exists is joined with the whole of it.
        (
            select c.queue_id from warehouse.calls as c
            where c.queue_id = q.queue_id and c.offered_at <= :as_of and c.direction_name = 'inbound'
            order by c.offered_at desc
            limit 1
        ) is not null
        or exists (
            select 1 from warehouse.queue_members as m
            where m.queue_id = q.queue_id and m.started_at <= :as_of
        )
),

counted as (
    select
        s.queue_id,
        count(*) filter (where s.answered_at is null and s.ended_at is null) as waiting_calls,
        floor(
            extract(epoch from :as_of - min(s.offered_at) filter (where s.answered_at is null and s.ended_at is null))
        ) as oldest_wait_seconds,
        count(*) filter (where s.answered_at is not null and s.ended_at is null) as in_progress_calls,
        count(*) filter (where s.offered_at >= s.day_start_at) as offered_calls,
        count(*) filter (where s.answered_at >= s.day_start_at) as answered_calls,
        count(*) filter (where s.outcome_name = 'abandoned' and s.ended_at >= s.day_start_at) as abandoned_calls,
        count(*) filter (
            where
            s.outcome_name = 'abandoned' and s.ended_at >= s.day_start_at and s.wait_seconds < s.short_abandon_seconds
        ) as short_abandoned_calls,
        count(*) filter (
            where
            s.outcome_name in ('callback', 'overflowed', 'timed_out', 'withdrawn') and s.ended_at >= s.day_start_at
        ) as flowed_out_calls,
        count(*) filter (where s.outcome_name = 'callback' and s.ended_at >= s.day_start_at) as callback_calls,
        count(*) filter (where s.outcome_name = 'answered' and s.ended_at >= s.day_start_at) as handled_calls,
        sum(s.wait_seconds) filter (where s.answered_at >= s.day_start_at) as answered_wait_seconds,
        max(
            case
                when s.answered_at is null and s.ended_at is null then floor(extract(epoch from :as_of - s.offered_at))
                else s.wait_seconds
            end
        ) filter (where s.offered_at >= s.day_start_at) as longest_wait_seconds,
        sum(s.talk_seconds) filter (where s.outcome_name = 'answered' and s.ended_at >= s.day_start_at) as talk_seconds,
        sum(s.hold_seconds) filter (where s.outcome_name = 'answered' and s.ended_at >= s.day_start_at) as hold_seconds,
        -- Wrap-up is told after the call: it counts once it is over, so that asking later gives what was shown.
        sum(s.wrap_up_seconds) filter (
            where
            s.outcome_name = 'answered' and s.ended_at >= s.day_start_at
            and s.ended_at + make_interval(secs => s.wrap_up_seconds) <= :as_of
        ) as wrap_up_seconds
    from warehouse.live_stays(:as_of) as s
    group by s.queue_id
),

standing as (
    select
        m.queue_id,
        count(distinct m.agent_id) filter (where a.state_name = 'available') as available_agents,
        count(distinct m.agent_id) filter (where a.state_name = 'ringing') as ringing_agents,
        count(distinct m.agent_id) filter (where a.state_name = 'on_contact') as on_contact_agents,
        count(distinct m.agent_id) filter (where a.state_name = 'wrap_up') as wrap_up_agents,
        count(distinct m.agent_id) filter (where a.state_name = 'paused') as paused_agents
    from warehouse.queue_members as m
    inner join warehouse.agent_states_at(:as_of) as a on m.agent_id = a.agent_id
    where m.started_at <= :as_of and (m.ended_at is null or m.ended_at > :as_of)
    group by m.queue_id
)

select
    d.queue_id,
    d.queue_name,
    d.group_name,
    d.time_zone_name,
    d.service_level_threshold_seconds,
    d.service_level_target_ratio,
    d.service_level_formula_name,
    coalesce(c.waiting_calls, 0) as waiting_calls,
    c.oldest_wait_seconds,
    coalesce(c.in_progress_calls, 0) as in_progress_calls,
    coalesce(t.available_agents, 0) as available_agents,
    coalesce(t.ringing_agents, 0) as ringing_agents,
    coalesce(t.on_contact_agents, 0) as on_contact_agents,
    coalesce(t.wrap_up_agents, 0) as wrap_up_agents,
    coalesce(t.paused_agents, 0) as paused_agents,
    coalesce(c.offered_calls, 0) as offered_calls,
    coalesce(c.answered_calls, 0) as answered_calls,
    coalesce(c.abandoned_calls, 0) as abandoned_calls,
    coalesce(c.short_abandoned_calls, 0) as short_abandoned_calls,
    coalesce(c.flowed_out_calls, 0) as flowed_out_calls,
    coalesce(c.callback_calls, 0) as callback_calls,
    coalesce(c.handled_calls, 0) as handled_calls,
    coalesce(c.answered_wait_seconds, 0) as answered_wait_seconds,
    c.longest_wait_seconds,
    coalesce(c.talk_seconds, 0) as talk_seconds,
    coalesce(c.hold_seconds, 0) as hold_seconds,
    coalesce(c.wrap_up_seconds, 0) as wrap_up_seconds
from days as d
left join counted as c on d.queue_id = c.queue_id
left join standing as t on d.queue_id = t.queue_id
order by d.queue_name, d.queue_id
