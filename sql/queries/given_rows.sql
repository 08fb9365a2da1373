-- How was work shared out: which contacts were given to whom after how long a wait for work, and which rings were answered?
-- Grain: one row per contact given to an agent who stood by (kind given), and one per ring at an agent (kind ring). Idle: how
-- long the agent had been available right before (ringing apart). Routed: given while another agent who serves the queue was
-- available too; where no members of a queue are told, who answered its contacts in the window serves it. A ring whose next state
-- is no contact was not answered; one that ended as a contact of its queue gave up is left out.
with given as materialized (
    select
        m.agent_id,
        m.queue_id,
        m.source_name,
        m.call_id,
        m.stay_number,
        m.contact_id,
        b.began_at,
        b.given_at,
        date_bin('15 minutes', b.given_at, '2000-01-01 00:00+00') as interval_start_at
    from warehouse.chosen_calls(
        cast(:window_start as timestamptz),
        cast(:last_at as timestamptz) + interval '1 microsecond',
        null,
        cast(:queue_id as integer),
        cast(:group_name as text),
        cast(:channel_name as text),
        cast(:topic_name as text),
        cast(:team_id as integer),
        cast(:site_name as text),
        cast(:agent_id as integer),
        cast(:is_business_hours as boolean)
    ) as m
    cross join lateral (
        select
            i.started_at as began_at,
            i.ended_at as given_at
        from warehouse.agent_states as i
        where
            i.agent_id = m.agent_id and i.state_name = 'available' and i.started_at < m.answered_at
            and i.started_at > m.answered_at - interval '1 day'
        order by i.started_at desc
        limit 1
    ) as b
    where
        m.answered_at is not null and b.given_at between m.answered_at - interval '10 minutes' and m.answered_at + interval '2 seconds'
        -- Asked row by row: as a join it would read all states.
        and (
            select count(*)
            from warehouse.agent_states as x
            where
                x.agent_id = m.agent_id and x.started_at >= b.given_at and x.started_at < m.answered_at
                and x.state_name <> 'ringing'
        ) = 0
),

standing_by as (
    select
        s.agent_id,
        s.started_at as began_at,
        coalesce(s.ended_at, cast(:as_of as timestamptz)) as ended_at,
        g.interval_start_at
    from warehouse.agent_states as s
    cross join lateral generate_series(
        date_bin('15 minutes', s.started_at, '2000-01-01 00:00+00'),
        least(s.ended_at, cast(:as_of as timestamptz), s.started_at + interval '1 day'),
        interval '15 minutes'
    ) as g (interval_start_at)
    where
        s.state_name = 'available' and s.started_at > cast(:window_start as timestamptz) - interval '1 day'
        and s.started_at <= cast(:last_at as timestamptz)
),

answerers as materialized (
    -- Of all contacts of the queue, whoever was chosen: otherwise an agent alone would have no rival.
    select
        c.queue_id,
        array_agg(distinct c.agent_id) as agent_ids
    from (select distinct g.queue_id from given as g) as g
    inner join warehouse.calls as c on g.queue_id = c.queue_id
    where
        c.offered_at >= :window_start and c.offered_at <= :last_at and c.answered_at <= :last_at and c.direction_name = 'inbound'
        and not exists (select 1 from warehouse.queue_members as q where q.queue_id = g.queue_id)
    group by c.queue_id
),

-- Beside each contact, who stood by in its quarter of an hour. By a window, not by a join: how many rows there are is hard to
-- foresee here, and a join that was planned for a handful compares each contact with everybody's states of all days.
in_quarters as (
    select
        n.*,
        array_agg(n.agent_id) filter (where n.is_standing_by) over quarter as standing_agent_ids,
        array_agg(n.began_at) filter (where n.is_standing_by) over quarter as standing_began_ats,
        array_agg(n.ended_at) filter (where n.is_standing_by) over quarter as standing_ended_ats
    from (
        select
            false as is_standing_by,
            g.agent_id,
            g.began_at,
            g.given_at as ended_at,
            g.interval_start_at,
            g.queue_id,
            g.source_name,
            g.call_id,
            g.stay_number,
            g.contact_id
        from given as g
        union all
        select
            true as is_standing_by,
            b.agent_id,
            b.began_at,
            b.ended_at,
            b.interval_start_at,
            null as queue_id,
            null as source_name,
            null as call_id,
            null as stay_number,
            null as contact_id
        from standing_by as b
    ) as n
    window quarter as (partition by n.interval_start_at)
),

shared as (
    select
        g.agent_id,
        g.queue_id,
        g.source_name,
        g.call_id,
        g.stay_number,
        g.contact_id,
        g.began_at,
        g.ended_at as given_at,
        (
            select min(b.began_at)
            from unnest(g.standing_agent_ids, g.standing_began_ats, g.standing_ended_ats) as b (agent_id, began_at, ended_at)
            where
                b.agent_id <> g.agent_id and b.began_at < g.ended_at and b.ended_at > g.ended_at
                and (
                    b.agent_id = any(w.agent_ids)
                    or exists (
                        select 1 from warehouse.queue_members as q
                        where
                            q.queue_id = g.queue_id and q.agent_id = b.agent_id and q.started_at <= g.ended_at
                            and (q.ended_at is null or q.ended_at > g.ended_at)
                    )
                )
        ) as longest_began_at
    from in_quarters as g
    left join answerers as w on g.queue_id = w.queue_id
    where not g.is_standing_by
),

rings as (
    select
        s.agent_id,
        s.queue_id,
        s.source_name,
        s.started_at,
        s.ended_at,
        n.state_name = 'on_contact' as is_answered
    from warehouse.agent_states as s
    inner join warehouse.agents as a on s.agent_id = a.agent_id
    inner join warehouse.agent_states as n
        on s.agent_id = n.agent_id and s.source_name = n.source_name and s.ended_at = n.started_at
    left join warehouse.queues as q on s.queue_id = q.queue_id
    where
        s.state_name = 'ringing' and s.started_at >= cast(:window_start as timestamptz) and s.started_at <= cast(:last_at as timestamptz)
        and n.started_at <= cast(:as_of as timestamptz)
        -- Asked row by row: as a join it would read all calls.
        and (
            n.state_name = 'on_contact'
            or (
                select count(*)
                from warehouse.calls as c
                where
                    c.queue_id = s.queue_id and c.outcome_name = 'abandoned'
                    and c.offered_at <= s.started_at and c.offered_at > s.started_at - interval '4 hours'
                    and c.ended_at between s.ended_at - interval '1 second' and s.ended_at + interval '1 second'
            ) = 0
        )
        and (cast(:agent_id as integer) is null or s.agent_id = cast(:agent_id as integer))
        and (cast(:site_name as text) is null or coalesce(a.site_name, '') = cast(:site_name as text))
        and (cast(:queue_id as integer) is null or s.queue_id = cast(:queue_id as integer))
        and (cast(:group_name as text) is null or coalesce(q.group_name, '') = cast(:group_name as text))
        and (
            cast(:team_id as integer) is null
            or exists (
                select 1 from warehouse.team_spans as t
                where
                    t.agent_id = s.agent_id and t.team_id = cast(:team_id as integer)
                    and t.started_date <= cast(s.started_at at time zone (
                        select coalesce(min(z.time_zone_name), 'UTC') from warehouse.sites as z
                    ) as date)
                    and coalesce(t.ended_date, cast('2100-01-01' as date)) > cast(s.started_at at time zone (
                        select coalesce(min(z.time_zone_name), 'UTC') from warehouse.sites as z
                    ) as date)
            )
        )
),

listed as (
    select
        'given' as kind_name,
        g.agent_id,
        g.queue_id,
        g.given_at as happened_at,
        g.began_at,
        g.given_at as ended_at,
        g.longest_began_at is not null as is_routed,
        coalesce(g.began_at <= g.longest_began_at, false) as is_longest_idle_first,
        true as is_answered,
        g.source_name,
        g.call_id,
        g.contact_id,
        concat_ws('|', g.queue_id, g.stay_number, g.source_name, g.call_id) as row_text
    from shared as g
    union all
    select
        'ring' as kind_name,
        i.agent_id,
        i.queue_id,
        i.started_at as happened_at,
        i.started_at as began_at,
        i.ended_at,
        false as is_routed,
        false as is_longest_idle_first,
        i.is_answered,
        i.source_name,
        null as call_id,
        null as contact_id,
        concat_ws('|', i.agent_id, cast(extract(epoch from i.started_at) as text), i.source_name) as row_text
    from rings as i
)

select
    l.kind_name,
    case when (select warehouse.is_individual('fair_share')) then l.agent_id end as agent_id,
    case when (select warehouse.is_individual('fair_share')) then a.agent_name end as agent_name,
    l.queue_id,
    q.queue_name,
    l.happened_at,
    l.began_at,
    l.ended_at,
    round(extract(epoch from l.ended_at - l.began_at)) as spent_seconds,
    l.is_routed,
    l.is_longest_idle_first,
    l.is_answered,
    l.source_name,
    l.call_id,
    l.contact_id,
    case
        when (select warehouse.is_individual('fair_share')) then l.row_text
        else cast(row_number() over (order by l.happened_at desc, l.row_text desc) as text)
    end as row_text
from listed as l
inner join warehouse.agents as a on l.agent_id = a.agent_id
left join warehouse.queues as q on l.queue_id = q.queue_id
order by l.happened_at desc, l.row_text desc
