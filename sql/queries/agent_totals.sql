-- What did each agent do in a window, in calls and in tickets?
-- Grain: one row per agent and team to which he belonged in it, if he took calls, was signed in, or had to do with a ticket, and one
-- per team (agent_id null) of what is told of teams alone. Calls
-- belong to the instant of the answer, as in the rollup, and to the team of its day; seconds to the team of their day; tickets to
-- that of the last day: resolved ones to the agent to whom they are assigned, replies to who wrote them; assigned and owed are those
-- at the end. Queue, group, channel, topic and business hours narrow the contacts that came in only: time is spent for all of them.
-- Calls that were deleted for their age count as the rollup has them, without the longest and the short ones, which it does not know.
-- :last_at is the last instant that counts: :as_of, or the microsecond before :window_end.
with zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

spans as materialized (
    select
        t.agent_id,
        t.team_id,
        t.started_date,
        coalesce(t.ended_date, cast('2100-01-01' as date)) as ended_date
    from warehouse.team_spans as t
),

chosen as materialized (
    select a.agent_id
    from warehouse.agents as a
    where
        (cast(:agent_id as integer) is null or a.agent_id = cast(:agent_id as integer))
        and (cast(:site_name as text) is null or coalesce(a.site_name, '') = cast(:site_name as text))
),

stretches as materialized (
    -- The chosen queues, and of each the whole window or its business hours; who waited longest was offered before it.
    select
        w.queue_id,
        w.starts_at,
        w.ends_at
    from warehouse.chosen_stretches(
        cast(:window_start as timestamptz) - interval '31 days',
        cast(:last_at as timestamptz) + interval '1 microsecond',
        cast(:queue_id as integer),
        cast(:group_name as text),
        cast(:is_business_hours as boolean)
    ) as w
),

deleted as materialized (
    -- Before when no call is there any more and the rollup tells instead: it knows all calls of an agent, or none.
    select max(r.whole_from_at) as whole_from_at
    from ops.retentions as r
    where
        r.kind_name = 'calls' and r.whole_from_at > :window_start
        and cast(:queue_id as integer) is null and cast(:group_name as text) is null and cast(:channel_name as text) is null
        and cast(:topic_name as text) is null and not coalesce(cast(:is_business_hours as boolean), false)
        and warehouse.is_individual('handled_contacts') and warehouse.is_individual('handle_time')
),

answered as (
    select
        m.agent_id,
        cast(m.answered_at at time zone z.time_zone_name as date) as day_date,
        (m.outcome_name = 'answered')::integer as handled_calls,
        (m.outcome_name = 'answered' and m.transfer_kind_name is not null)::integer as transferred_calls,
        coalesce(m.outcome_name = 'answered' and m.transfer_kind_name = 'blind', false)::integer as blind_calls,
        coalesce(m.outcome_name = 'answered' and m.transfer_kind_name = 'attended', false)::integer as attended_calls,
        case when m.outcome_name = 'answered' then m.talk_seconds end as talk_seconds,
        case when m.outcome_name = 'answered' then m.hold_seconds end as hold_seconds,
        case when m.outcome_name = 'answered' then m.wrap_up_seconds end as wrap_up_seconds
    from chosen as a
    cross join zone as z
    cross join lateral (
        -- offset 0 keeps the planner from joining with all calls: each agent's are a range of an index.
        select
            c.agent_id,
            c.queue_id,
            c.offered_at,
            c.answered_at,
            c.outcome_name,
            c.transfer_kind_name,
            c.talk_seconds,
            c.hold_seconds,
            c.wrap_up_seconds
        from warehouse.calls as c
        where
            c.agent_id = a.agent_id and c.answered_at <= :last_at
            and c.answered_at >= greatest(cast(:window_start as timestamptz), (select d.whole_from_at from deleted as d))
            and c.offered_at <= :last_at and c.offered_at >= cast(:window_start as timestamptz) - interval '31 days'
            and c.direction_name = 'inbound'
            and (cast(:channel_name as text) is null or c.channel_name = cast(:channel_name as text))
            and (cast(:topic_name as text) is null or coalesce(c.topic_name, '') = cast(:topic_name as text))
        offset 0
    ) as m
    where exists (
        select 1 from stretches as w
        where w.queue_id = m.queue_id and m.offered_at >= w.starts_at and m.offered_at < w.ends_at
    )
    union all
    select
        i.agent_id,
        cast(i.interval_start_at at time zone z.time_zone_name as date) as day_date,
        i.handled_calls,
        i.transferred_calls,
        i.blind_transferred_calls,
        i.attended_transferred_calls,
        i.talk_seconds,
        i.hold_seconds,
        i.wrap_up_seconds
    from deleted as d
    inner join warehouse.agent_intervals as i
        on i.interval_start_at >= :window_start and i.interval_start_at < d.whole_from_at and i.interval_start_at <= :last_at
    inner join chosen as a on i.agent_id = a.agent_id
    cross join zone as z
    where i.handled_calls > 0
),

calls as (
    select
        c.agent_id,
        s.team_id,
        sum(c.handled_calls) as handled_calls,
        sum(c.transferred_calls) as transferred_calls,
        sum(c.blind_calls) as blind_transferred_calls,
        sum(c.attended_calls) as attended_transferred_calls,
        sum(c.talk_seconds) as talk_seconds,
        sum(c.hold_seconds) as hold_seconds,
        sum(c.wrap_up_seconds) as wrap_up_seconds,
        max(c.talk_seconds + coalesce(c.hold_seconds, 0) + coalesce(c.wrap_up_seconds, 0)) as longest_call_seconds,
        count(*) filter (
            where c.handled_calls = 1 and c.talk_seconds < coalesce(r.short_call_seconds, o.short_call_seconds, 10)
        ) as short_handled_calls
    from answered as c
    left join spans as s on c.agent_id = s.agent_id and c.day_date >= s.started_date and c.day_date < s.ended_date
    left join warehouse.work_rules as r on s.team_id = r.team_id
    left join warehouse.work_rules as o on o.team_id is null
    group by c.agent_id, s.team_id
),

days as (
    -- An interval lies in one local day: no zone is off by less than a quarter of an hour.
    select
        i.agent_id,
        cast(i.interval_start_at at time zone z.time_zone_name as date) as day_date,
        sum(i.outbound_calls) as outbound_calls,
        sum(i.outbound_talk_seconds) as outbound_talk_seconds,
        sum(i.internal_calls) as internal_calls,
        sum(i.internal_talk_seconds) as internal_talk_seconds,
        sum(i.on_contact_seconds) as on_contact_seconds,
        sum(i.wrapping_up_seconds) as wrapping_up_seconds,
        sum(i.available_seconds) as available_seconds,
        sum(i.ringing_seconds) as ringing_seconds,
        sum(i.paused_seconds) as paused_seconds,
        sum(i.signed_in_seconds) as signed_in_seconds
    from warehouse.agent_sums(
        cast(:window_start as timestamptz), cast(:last_at as timestamptz) + interval '1 microsecond'
    ) as i
    inner join chosen as a on i.agent_id = a.agent_id
    cross join zone as z
    group by i.agent_id, day_date
),

spent as (
    select
        d.agent_id,
        s.team_id,
        sum(d.outbound_calls) as outbound_calls,
        sum(d.outbound_talk_seconds) as outbound_talk_seconds,
        sum(d.internal_calls) as internal_calls,
        sum(d.internal_talk_seconds) as internal_talk_seconds,
        sum(d.on_contact_seconds) as on_contact_seconds,
        sum(d.wrapping_up_seconds) as wrapping_up_seconds,
        sum(d.available_seconds) as available_seconds,
        sum(d.ringing_seconds) as ringing_seconds,
        sum(d.paused_seconds) as paused_seconds,
        sum(d.signed_in_seconds) as signed_in_seconds
    from days as d
    left join spans as s on d.agent_id = s.agent_id and d.day_date >= s.started_date and d.day_date < s.ended_date
    group by d.agent_id, s.team_id
),

solvings as materialized (
    select
        v.source_name,
        v.ticket_id,
        v.solved_at,
        v.reopened_at,
        t.agent_id,
        -- A rating belongs to the last solving: one that was opened again is not rated yet.
        case when t.resolved_at = v.solved_at then t.csat_score end as csat_score
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
            max(v.csat_score) as csat_score,
            bool_or(v.reopened_at <= :as_of and v.reopened_at - v.solved_at <= interval '7 days') as is_back_in_7_days,
            bool_or(v.reopened_at is null or v.reopened_at > :last_at) as is_resolved
        from solvings as v
        group by v.agent_id, v.source_name, v.ticket_id
    ) as b
    group by b.agent_id
),

replies as (
    select
        e.agent_id,
        count(*) as reply_count,
        count(*) filter (
            where
                greatest(e.occurred_at, t.created_at) = t.first_reply_at
                and (e.occurred_at, e.event_number) in (
                    select
                        r.occurred_at,
                        r.event_number
                    from warehouse.first_reply(t.source_name, t.ticket_id, t.created_at, t.first_reply_at) as r
                )
        ) as first_reply_count
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
),

members as (
    -- Tickets belong to the team of the window's last day.
    select
        a.agent_id,
        s.team_id
    from chosen as a
    cross join zone as z
    left join spans as s
        on
            a.agent_id = s.agent_id
            and cast(cast(:last_at as timestamptz) at time zone z.time_zone_name as date) >= s.started_date
            and cast(cast(:last_at as timestamptz) at time zone z.time_zone_name as date) < s.ended_date
),

pairs as (
    select
        c.agent_id,
        c.team_id
    from calls as c
    union
    select
        p.agent_id,
        p.team_id
    from spent as p
    union
    select
        m.agent_id,
        m.team_id
    from members as m
    where
        m.agent_id in (select v.agent_id from solved as v)
        or m.agent_id in (select r.agent_id from replies as r)
        or m.agent_id in (select o.agent_id from standing as o)
),

-- What the policy lets exist for single agents; the rest is told of a team alone, and only of one with enough agents at work.
policy as materialized (
    select
        warehouse.is_individual('handled_contacts') as has_contacts,
        warehouse.is_individual('handle_time') as has_times,
        warehouse.is_individual('states') as has_states,
        warehouse.is_individual('ratings') as has_ratings,
        warehouse.is_individual('tickets') as has_tickets
),

each as (
    select
        a.agent_id,
        a.agent_name,
        p.team_id,
        g.team_name,
        coalesce(c.handled_calls, 0) as handled_calls,
        coalesce(c.transferred_calls, 0) as transferred_calls,
        coalesce(c.blind_transferred_calls, 0) as blind_transferred_calls,
        coalesce(c.attended_transferred_calls, 0) as attended_transferred_calls,
        case when x.whole_from_at is null then coalesce(c.short_handled_calls, 0) end as short_handled_calls,
        coalesce(t.outbound_calls, 0) as outbound_calls,
        coalesce(t.internal_calls, 0) as internal_calls,
        coalesce(c.talk_seconds, 0) as talk_seconds,
        coalesce(c.hold_seconds, 0) as hold_seconds,
        coalesce(c.wrap_up_seconds, 0) as wrap_up_seconds,
        case when x.whole_from_at is null then c.longest_call_seconds end as longest_call_seconds,
        coalesce(t.outbound_talk_seconds, 0) as outbound_talk_seconds,
        coalesce(t.internal_talk_seconds, 0) as internal_talk_seconds,
        coalesce(t.on_contact_seconds, 0) as on_contact_seconds,
        coalesce(t.wrapping_up_seconds, 0) as wrapping_up_seconds,
        coalesce(t.available_seconds, 0) as available_seconds,
        coalesce(t.ringing_seconds, 0) as ringing_seconds,
        coalesce(t.paused_seconds, 0) as paused_seconds,
        coalesce(t.signed_in_seconds, 0) as signed_in_seconds,
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
    from pairs as p
    inner join warehouse.agents as a on p.agent_id = a.agent_id
    left join warehouse.teams as g on p.team_id = g.team_id
    left join calls as c on p.agent_id = c.agent_id and p.team_id is not distinct from c.team_id
    left join spent as t on p.agent_id = t.agent_id and p.team_id is not distinct from t.team_id
    left join members as m on p.agent_id = m.agent_id and p.team_id is not distinct from m.team_id
    left join solved as v on m.agent_id = v.agent_id
    left join replies as r on m.agent_id = r.agent_id
    left join standing as o on m.agent_id = o.agent_id
    cross join deleted as x
    where cast(:team_id as integer) is null or p.team_id = cast(:team_id as integer)
)

select
    e.agent_id,
    e.agent_name,
    e.team_id,
    e.team_name,
    case when y.has_contacts then e.handled_calls end as handled_calls,
    case when y.has_contacts then e.transferred_calls end as transferred_calls,
    case when y.has_contacts then e.blind_transferred_calls end as blind_transferred_calls,
    case when y.has_contacts then e.attended_transferred_calls end as attended_transferred_calls,
    case when y.has_contacts then e.short_handled_calls end as short_handled_calls,
    case when y.has_contacts then e.outbound_calls end as outbound_calls,
    case when y.has_contacts then e.internal_calls end as internal_calls,
    case when y.has_times then e.talk_seconds end as talk_seconds,
    case when y.has_times then e.hold_seconds end as hold_seconds,
    case when y.has_times then e.wrap_up_seconds end as wrap_up_seconds,
    case when y.has_times then e.longest_call_seconds end as longest_call_seconds,
    case when y.has_times then e.outbound_talk_seconds end as outbound_talk_seconds,
    case when y.has_times then e.internal_talk_seconds end as internal_talk_seconds,
    case when y.has_states then e.on_contact_seconds end as on_contact_seconds,
    case when y.has_states then e.wrapping_up_seconds end as wrapping_up_seconds,
    case when y.has_states then e.available_seconds end as available_seconds,
    case when y.has_states then e.ringing_seconds end as ringing_seconds,
    case when y.has_states then e.paused_seconds end as paused_seconds,
    case when y.has_states then e.signed_in_seconds end as signed_in_seconds,
    case when y.has_tickets then e.solved_tickets end as solved_tickets,
    case when y.has_tickets then e.resolved_tickets end as resolved_tickets,
    case when y.has_tickets then e.reopened_in_7_days_tickets end as reopened_in_7_days_tickets,
    case when y.has_ratings then e.csat_tickets end as csat_tickets,
    case when y.has_ratings then e.csat_satisfied_tickets end as csat_satisfied_tickets,
    case when y.has_tickets then e.reply_count end as reply_count,
    case when y.has_tickets then e.first_reply_count end as first_reply_count,
    case when y.has_tickets then e.assigned_tickets end as assigned_tickets,
    case when y.has_tickets then e.owed_tickets end as owed_tickets,
    case when y.has_tickets then e.oldest_owed_at end as oldest_owed_at
from each as e
cross join policy as y
union all
select
    null,
    null,
    e.team_id,
    e.team_name,
    case when not y.has_contacts then sum(e.handled_calls) end as handled_calls,
    case when not y.has_contacts then sum(e.transferred_calls) end as transferred_calls,
    case when not y.has_contacts then sum(e.blind_transferred_calls) end as blind_transferred_calls,
    case when not y.has_contacts then sum(e.attended_transferred_calls) end as attended_transferred_calls,
    case when not y.has_contacts then sum(e.short_handled_calls) end as short_handled_calls,
    case when not y.has_contacts then sum(e.outbound_calls) end as outbound_calls,
    case when not y.has_contacts then sum(e.internal_calls) end as internal_calls,
    case when not y.has_times then sum(e.talk_seconds) end as talk_seconds,
    case when not y.has_times then sum(e.hold_seconds) end as hold_seconds,
    case when not y.has_times then sum(e.wrap_up_seconds) end as wrap_up_seconds,
    null as longest_call_seconds,
    case when not y.has_times then sum(e.outbound_talk_seconds) end as outbound_talk_seconds,
    case when not y.has_times then sum(e.internal_talk_seconds) end as internal_talk_seconds,
    case when not y.has_states then sum(e.on_contact_seconds) end as on_contact_seconds,
    case when not y.has_states then sum(e.wrapping_up_seconds) end as wrapping_up_seconds,
    case when not y.has_states then sum(e.available_seconds) end as available_seconds,
    case when not y.has_states then sum(e.ringing_seconds) end as ringing_seconds,
    case when not y.has_states then sum(e.paused_seconds) end as paused_seconds,
    case when not y.has_states then sum(e.signed_in_seconds) end as signed_in_seconds,
    case when not y.has_tickets then sum(e.solved_tickets) end as solved_tickets,
    case when not y.has_tickets then sum(e.resolved_tickets) end as resolved_tickets,
    case when not y.has_tickets then sum(e.reopened_in_7_days_tickets) end as reopened_in_7_days_tickets,
    case when not y.has_ratings then sum(e.csat_tickets) end as csat_tickets,
    case when not y.has_ratings then sum(e.csat_satisfied_tickets) end as csat_satisfied_tickets,
    case when not y.has_tickets then sum(e.reply_count) end as reply_count,
    case when not y.has_tickets then sum(e.first_reply_count) end as first_reply_count,
    case when not y.has_tickets then sum(e.assigned_tickets) end as assigned_tickets,
    case when not y.has_tickets then sum(e.owed_tickets) end as owed_tickets,
    case when not y.has_tickets then min(e.oldest_owed_at) end as oldest_owed_at
from each as e
cross join policy as y
where
    cast(:agent_id as integer) is null
    and not (y.has_contacts and y.has_times and y.has_states and y.has_ratings and y.has_tickets)
group by e.team_id, e.team_name, y.has_contacts, y.has_times, y.has_states, y.has_ratings, y.has_tickets
having count(distinct e.agent_id) >= (select access.fewest_agents())
order by agent_name, agent_id, team_id
