-- What became of each group's tickets in a window, as known at an instant?
-- Grain: one row per ticket group (empty text: none). Created and first reply: tickets created in the window. Solved: every ticket
-- that was solved in it; resolved: those that are still solved at its end, with their last solving in it. Targets: those due in it.
-- Escalated: handed to another group or raised in priority after the creation, in the window (created_escalated: of those created
-- in it, until :as_of). :last_at is the last instant that counts: :as_of, or the microsecond before :window_end.
with created as (
    select
        coalesce(t.group_name, '') as group_name,
        count(*) as created_tickets,
        count(t.first_reply_seconds) filter (where t.first_reply_at <= :as_of) as first_replied_tickets,
        sum(t.first_reply_seconds) filter (where t.first_reply_at <= :as_of) as first_reply_seconds,
        count(t.first_reply_business_seconds) filter (where t.first_reply_at <= :as_of) as first_replied_in_business_tickets,
        sum(t.first_reply_business_seconds) filter (where t.first_reply_at <= :as_of) as first_reply_business_seconds
    from warehouse.tickets as t
    where
        t.created_at >= :window_start and t.created_at <= :last_at and not t.is_deleted
        and (cast(:priority_name as text) is null or coalesce(t.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(t.channel_name, '') = :channel_name)
    group by coalesce(t.group_name, '')
),

replied as (
    select
        coalesce(t.group_name, '') as group_name,
        count(*) as replied_tickets
    from warehouse.tickets as t
    where
        t.first_reply_at >= :window_start and t.first_reply_at <= :last_at and not t.is_deleted
        and (cast(:priority_name as text) is null or coalesce(t.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(t.channel_name, '') = :channel_name)
    group by coalesce(t.group_name, '')
),

changes as (
    -- Changes of group and priority in the window, and later ones of the tickets created in it.
    select e.*
    from warehouse.ticket_events as e
    where e.occurred_at >= :window_start and e.occurred_at <= :last_at and e.event_name in ('group', 'priority')
    union all
    select e.*
    from warehouse.tickets as t
    inner join warehouse.ticket_events as e on t.source_name = e.source_name and t.ticket_id = e.ticket_id
    where
        t.created_at >= :window_start and t.created_at <= :last_at
        and e.occurred_at > :last_at and e.occurred_at <= :as_of and e.event_name in ('group', 'priority')
),

escalations as (
    select
        t.source_name,
        t.ticket_id,
        coalesce(t.group_name, '') as group_name,
        t.created_at >= :window_start and t.created_at <= :last_at as is_created,
        bool_or(c.occurred_at <= :last_at) as is_escalated
    from changes as c
    inner join warehouse.tickets as t on c.source_name = t.source_name and c.ticket_id = t.ticket_id
    cross join lateral (
        select b.value_text
        from warehouse.ticket_events as b
        where
            b.source_name = c.source_name and b.ticket_id = c.ticket_id and b.event_name = c.event_name
            and b.value_text is not null and (b.occurred_at, b.event_number) < (c.occurred_at, c.event_number)
        order by b.occurred_at desc, b.event_number desc
        limit 1
    ) as p
    where
        c.occurred_at > t.created_at and not t.is_deleted
        and case c.event_name
            when 'group' then p.value_text <> c.value_text
            else
                array_position(array['low', 'normal', 'high', 'urgent'], c.value_text)
                > array_position(array['low', 'normal', 'high', 'urgent'], p.value_text)
        end
        and (cast(:priority_name as text) is null or coalesce(t.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(t.channel_name, '') = :channel_name)
    group by t.source_name, t.ticket_id
),

escalated as (
    select
        x.group_name,
        count(*) filter (where x.is_escalated) as escalated_tickets,
        count(*) filter (where x.is_created) as created_escalated_tickets
    from escalations as x
    group by x.group_name
),

solvings as materialized (
    select
        v.source_name,
        v.ticket_id,
        v.solved_at,
        v.reopened_at,
        coalesce(t.group_name, '') as group_name,
        t.created_at,
        t.first_resolved_at,
        t.last_event_at,
        t.first_resolution_seconds,
        t.first_resolution_business_seconds,
        t.public_agent_comment_count,
        t.csat_score,
        coalesce(t.resolved_at = v.solved_at, false) as is_last,
        case when t.resolved_at = v.solved_at then t.full_resolution_business_seconds end as full_business_seconds,
        case when t.resolved_at = v.solved_at then t.requester_wait_seconds end as requester_wait_seconds,
        case when t.resolved_at = v.solved_at then t.requester_wait_business_seconds end as requester_wait_business_seconds
    from warehouse.ticket_solvings(:window_start, :window_end) as v
    inner join warehouse.tickets as t on v.source_name = t.source_name and v.ticket_id = t.ticket_id
    where
        (cast(:priority_name as text) is null or coalesce(t.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(t.channel_name, '') = :channel_name)
),

by_ticket as (
    select
        v.group_name,
        bool_or(v.solved_at >= :window_start and v.solved_at <= :last_at) as is_solved,
        bool_or(
            v.solved_at >= :window_start and v.solved_at <= :last_at and v.reopened_at <= :as_of
            and v.reopened_at - v.solved_at <= interval '7 days'
        ) as is_back_in_7_days,
        bool_or(v.reopened_at >= :window_start and v.reopened_at <= :last_at) as is_reopened,
        max(v.first_resolution_seconds) filter (
            where v.solved_at = v.first_resolved_at and v.solved_at >= :window_start and v.solved_at <= :last_at
        ) as first_resolution_seconds,
        max(v.first_resolution_business_seconds) filter (
            where v.solved_at = v.first_resolved_at and v.solved_at >= :window_start and v.solved_at <= :last_at
        ) as first_resolution_business_seconds
    from solvings as v
    group by v.group_name, v.source_name, v.ticket_id
),

solved as (
    select
        b.group_name,
        count(*) filter (where b.is_solved) as solved_tickets,
        count(*) filter (where b.is_back_in_7_days) as reopened_in_7_days_tickets,
        count(*) filter (where b.is_reopened) as reopened_tickets,
        count(b.first_resolution_seconds) as first_resolved_tickets,
        sum(b.first_resolution_seconds) as first_resolution_seconds,
        count(b.first_resolution_business_seconds) as first_resolved_in_business_tickets,
        sum(b.first_resolution_business_seconds) as first_resolution_business_seconds
    from by_ticket as b
    group by b.group_name
),

resolved as (
    select
        v.group_name,
        count(*) as resolved_tickets,
        sum(floor(extract(epoch from v.solved_at - v.created_at))) as full_resolution_seconds,
        count(v.full_business_seconds) as resolved_in_business_tickets,
        sum(v.full_business_seconds) as full_resolution_business_seconds,
        count(v.requester_wait_seconds) as waited_tickets,
        sum(v.requester_wait_seconds) as requester_wait_seconds,
        count(v.requester_wait_business_seconds) as waited_in_business_tickets,
        sum(v.requester_wait_business_seconds) as requester_wait_business_seconds,
        count(*) filter (where h.touch_count = 1) as one_touch_tickets,
        count(*) filter (where h.touch_count = 2) as two_touch_tickets,
        count(h.csat_score) as csat_tickets,
        count(*) filter (where h.csat_score >= 4) as csat_satisfied_tickets
    from solvings as v
    cross join lateral (
        -- What the ticket's row says where nothing has happened since; else its events until then.
        select
            v.public_agent_comment_count as touch_count,
            v.csat_score
        where v.last_event_at <= :last_at
        union all
        select
            count(*) filter (where e.event_name = 'reply' and e.actor_name is distinct from 'system'),
            case when v.is_last then v.csat_score end
        from warehouse.ticket_events as e
        where
            v.last_event_at > :last_at and e.source_name = v.source_name and e.ticket_id = v.ticket_id
            and e.occurred_at <= :last_at
        having v.last_event_at > :last_at
    ) as h
    where
        v.solved_at >= :window_start and v.solved_at <= :last_at
        and (v.reopened_at is null or v.reopened_at > :last_at)
    group by v.group_name
),

due as (
    select
        coalesce(t.group_name, '') as group_name,
        count(*) filter (where g.met_at <= :as_of or g.due_at <= :as_of) as due_targets_tickets,
        count(*) filter (where g.met_at <= :as_of and g.met_at <= g.due_at) as met_targets_tickets,
        count(*) filter (where g.due_at <= :as_of and (g.ended_at is null or g.ended_at > :as_of)) as overdue_targets_tickets,
        count(*) filter (where g.due_at > :as_of and (g.ended_at is null or g.ended_at > :as_of)) as running_targets_tickets,
        count(*) filter (
            where g.due_at > :as_of and g.due_at <= :as_of + interval '1 hour' and (g.ended_at is null or g.ended_at > :as_of)
        ) as at_risk_targets_tickets
    from warehouse.ticket_targets as g
    inner join warehouse.tickets as t on g.source_name = t.source_name and g.ticket_id = t.ticket_id
    where
        g.due_at >= :window_start and g.due_at < :window_end and g.applied_at <= :as_of and not t.is_deleted
        and (g.ended_at is null or g.ended_at > :as_of or g.ended_at > g.due_at or g.met_at is not null)
        and (cast(:priority_name as text) is null or coalesce(t.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(t.channel_name, '') = :channel_name)
    group by coalesce(t.group_name, '')
),

backlog as (
    select
        coalesce(u.group_name, '') as group_name,
        count(*) as backlog_tickets,
        sum(floor(extract(epoch from cast(:last_at as timestamptz) - u.created_at))) as backlog_age_seconds
    from warehouse.unsolved_tickets(:last_at) as u
    where
        (cast(:priority_name as text) is null or coalesce(u.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(u.channel_name, '') = :channel_name)
    group by coalesce(u.group_name, '')
),

names as (
    select c.group_name from created as c
    union
    select p.group_name from replied as p
    union
    select s.group_name from solved as s
    union
    select d.group_name from due as d
    union
    select x.group_name from escalated as x
    union
    select b.group_name from backlog as b
)

select
    n.group_name,
    coalesce(c.created_tickets, 0) as created_tickets,
    coalesce(c.first_replied_tickets, 0) as first_replied_tickets,
    coalesce(c.first_reply_seconds, 0) as first_reply_seconds,
    coalesce(c.first_replied_in_business_tickets, 0) as first_replied_in_business_tickets,
    coalesce(c.first_reply_business_seconds, 0) as first_reply_business_seconds,
    coalesce(x.escalated_tickets, 0) as escalated_tickets,
    coalesce(x.created_escalated_tickets, 0) as created_escalated_tickets,
    coalesce(p.replied_tickets, 0) as replied_tickets,
    coalesce(s.solved_tickets, 0) as solved_tickets,
    coalesce(s.reopened_tickets, 0) as reopened_tickets,
    coalesce(s.reopened_in_7_days_tickets, 0) as reopened_in_7_days_tickets,
    coalesce(s.first_resolved_tickets, 0) as first_resolved_tickets,
    coalesce(s.first_resolution_seconds, 0) as first_resolution_seconds,
    coalesce(s.first_resolved_in_business_tickets, 0) as first_resolved_in_business_tickets,
    coalesce(s.first_resolution_business_seconds, 0) as first_resolution_business_seconds,
    coalesce(r.resolved_tickets, 0) as resolved_tickets,
    coalesce(r.full_resolution_seconds, 0) as full_resolution_seconds,
    coalesce(r.resolved_in_business_tickets, 0) as resolved_in_business_tickets,
    coalesce(r.full_resolution_business_seconds, 0) as full_resolution_business_seconds,
    coalesce(r.waited_tickets, 0) as waited_tickets,
    coalesce(r.requester_wait_seconds, 0) as requester_wait_seconds,
    coalesce(r.waited_in_business_tickets, 0) as waited_in_business_tickets,
    coalesce(r.requester_wait_business_seconds, 0) as requester_wait_business_seconds,
    coalesce(r.one_touch_tickets, 0) as one_touch_tickets,
    coalesce(r.two_touch_tickets, 0) as two_touch_tickets,
    coalesce(r.csat_tickets, 0) as csat_tickets,
    coalesce(r.csat_satisfied_tickets, 0) as csat_satisfied_tickets,
    coalesce(d.due_targets_tickets, 0) as due_targets_tickets,
    coalesce(d.met_targets_tickets, 0) as met_targets_tickets,
    coalesce(d.overdue_targets_tickets, 0) as overdue_targets_tickets,
    coalesce(d.running_targets_tickets, 0) as running_targets_tickets,
    coalesce(d.at_risk_targets_tickets, 0) as at_risk_targets_tickets,
    coalesce(b.backlog_tickets, 0) as backlog_tickets,
    coalesce(b.backlog_age_seconds, 0) as backlog_age_seconds
from names as n
left join created as c on n.group_name = c.group_name
left join replied as p on n.group_name = p.group_name
left join escalated as x on n.group_name = x.group_name
left join solved as s on n.group_name = s.group_name
left join resolved as r on n.group_name = r.group_name
left join due as d on n.group_name = d.group_name
left join backlog as b on n.group_name = b.group_name
order by n.group_name
