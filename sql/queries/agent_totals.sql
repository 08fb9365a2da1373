-- What did each agent do in a window, in calls and in tickets?
-- Grain: one row per agent who took calls, was signed in, or had to do with a ticket. Calls belong to the interval of the answer;
-- resolved tickets to the agent to whom they are assigned; replies to who wrote them; assigned and owed are those at the end.
-- :last_at is the last instant that counts: :as_of, or the microsecond before :window_end.
with calls as (
    select
        i.agent_id,
        sum(i.handled_calls) as handled_calls,
        sum(i.transferred_calls) as transferred_calls,
        sum(i.talk_seconds) as talk_seconds,
        sum(i.hold_seconds) as hold_seconds,
        sum(i.wrap_up_seconds) as wrap_up_seconds,
        sum(i.on_contact_seconds) as on_contact_seconds,
        sum(i.wrapping_up_seconds) as wrapping_up_seconds,
        sum(i.available_seconds) as available_seconds,
        sum(i.paused_seconds) as paused_seconds,
        sum(i.signed_in_seconds) as signed_in_seconds
    from warehouse.agent_intervals as i
    where i.interval_start_at >= :window_start and i.interval_start_at <= :last_at
    group by i.agent_id
),

solvings as materialized (
    select
        v.source_name,
        v.ticket_id,
        v.solved_at,
        v.reopened_at,
        t.agent_id,
        t.csat_score
    from warehouse.ticket_solvings(:window_start, :window_end) as v
    inner join warehouse.tickets as t on v.source_name = t.source_name and v.ticket_id = t.ticket_id
    where t.agent_id is not null and v.solved_at >= :window_start and v.solved_at <= :last_at
),

solved as (
    select
        b.agent_id,
        count(*) as solved_tickets,
        count(*) filter (where b.is_back_in_7_days) as reopened_in_7_days_tickets,
        count(*) filter (where b.is_resolved) as resolved_tickets,
        count(b.csat_score) filter (where b.is_resolved) as csat_tickets,
        count(*) filter (where b.is_resolved and b.csat_score >= 4) as csat_satisfied_tickets
    from (
        select
            v.agent_id,
            v.csat_score,
            bool_or(v.reopened_at <= :as_of and v.reopened_at - v.solved_at <= interval '7 days') as is_back_in_7_days,
            bool_or(v.reopened_at is null or v.reopened_at > :last_at) as is_resolved
        from solvings as v
        group by v.agent_id, v.csat_score, v.source_name, v.ticket_id
    ) as b
    group by b.agent_id
),

replies as (
    select
        e.agent_id,
        count(*) as reply_count,
        count(*) filter (where greatest(e.occurred_at, t.created_at) = t.first_reply_at) as first_reply_count
    from warehouse.ticket_events as e
    inner join warehouse.tickets as t on e.source_name = t.source_name and e.ticket_id = t.ticket_id
    where
        e.occurred_at >= :window_start and e.occurred_at <= :last_at and e.event_name = 'reply' and not t.is_deleted
        and e.agent_id is not null and e.actor_name is distinct from 'system'
    group by e.agent_id
),

standing as (
    select
        u.agent_id,
        count(*) as assigned_tickets,
        count(u.owes_reply_since_at) as owed_tickets,
        min(u.owes_reply_since_at) as oldest_owed_at
    from warehouse.unsolved_tickets(:last_at) as u
    where u.agent_id is not null
    group by u.agent_id
)

select
    a.agent_id,
    a.agent_name,
    coalesce(c.handled_calls, 0) as handled_calls,
    coalesce(c.transferred_calls, 0) as transferred_calls,
    coalesce(c.talk_seconds, 0) as talk_seconds,
    coalesce(c.hold_seconds, 0) as hold_seconds,
    coalesce(c.wrap_up_seconds, 0) as wrap_up_seconds,
    coalesce(c.on_contact_seconds, 0) as on_contact_seconds,
    coalesce(c.wrapping_up_seconds, 0) as wrapping_up_seconds,
    coalesce(c.available_seconds, 0) as available_seconds,
    coalesce(c.paused_seconds, 0) as paused_seconds,
    coalesce(c.signed_in_seconds, 0) as signed_in_seconds,
    coalesce(v.solved_tickets, 0) as solved_tickets,
    coalesce(v.resolved_tickets, 0) as resolved_tickets,
    coalesce(v.reopened_in_7_days_tickets, 0) as reopened_in_7_days_tickets,
    coalesce(v.csat_tickets, 0) as csat_tickets,
    coalesce(v.csat_satisfied_tickets, 0) as csat_satisfied_tickets,
    coalesce(r.reply_count, 0) as reply_count,
    coalesce(r.first_reply_count, 0) as first_reply_count,
    coalesce(o.assigned_tickets, 0) as assigned_tickets,
    coalesce(o.owed_tickets, 0) as owed_tickets,
    o.oldest_owed_at
from warehouse.agents as a
left join calls as c on a.agent_id = c.agent_id
left join solved as v on a.agent_id = v.agent_id
left join replies as r on a.agent_id = r.agent_id
left join standing as o on a.agent_id = o.agent_id
where
    coalesce(c.agent_id, v.agent_id, r.agent_id, o.agent_id) is not null
order by a.agent_name, a.agent_id
