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

standing_by as materialized (
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

answerers as (
    -- Of all contacts of the queue, whoever was chosen: otherwise an agent alone would have no rival.
    select distinct
        c.queue_id,
        c.agent_id
    from (select distinct g.queue_id from given as g) as g
    inner join warehouse.calls as c on g.queue_id = c.queue_id
    where
        c.offered_at >= :window_start and c.offered_at <= :last_at and c.answered_at <= :last_at and c.direction_name = 'inbound'
        and not exists (select 1 from warehouse.queue_members as q where q.queue_id = g.queue_id)
),

rivals as (
    select
        g.source_name,
        g.call_id,
        g.stay_number,
        g.queue_id,
        g.given_at,
        min(b.began_at) as longest_began_at
    from given as g
    inner join standing_by as b
        on
            g.interval_start_at = b.interval_start_at
            and b.agent_id <> g.agent_id and b.began_at < g.given_at and b.ended_at > g.given_at
    where
        exists (
            select 1 from warehouse.queue_members as q
            where
                q.queue_id = g.queue_id and q.agent_id = b.agent_id and q.started_at <= g.given_at
                and (q.ended_at is null or q.ended_at > g.given_at)
        )
        or exists (select 1 from answerers as w where w.queue_id = g.queue_id and w.agent_id = b.agent_id)
    group by g.source_name, g.call_id, g.stay_number, g.queue_id, g.given_at
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
        r.longest_began_at is not null as is_routed,
        coalesce(g.began_at <= r.longest_began_at, false) as is_longest_idle_first,
        true as is_answered,
        g.source_name,
        g.call_id,
        g.contact_id,
        concat_ws('|', g.queue_id, g.stay_number, g.source_name, g.call_id) as row_text
    from given as g
    left join rivals as r
        on
            g.source_name = r.source_name and g.call_id = r.call_id and g.stay_number = r.stay_number
            and g.queue_id = r.queue_id and g.given_at = r.given_at
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
    l.agent_id,
    a.agent_name,
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
    l.row_text
from listed as l
inner join warehouse.agents as a on l.agent_id = a.agent_id
left join warehouse.queues as q on l.queue_id = q.queue_id
order by l.happened_at desc, l.row_text desc
