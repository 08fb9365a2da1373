-- Was work shared out fairly: how long did each agent stand idle before a contact, and did whoever had waited longest get it?
-- Grain: one row per agent who was given a contact or was rung, and a last one without an agent for all of them together. Idle: how
-- long the agent had been available right before (ringing apart). Routed: contacts given while another agent who serves the queue
-- was available too; where no members of a queue are told, who answered its contacts in the window serves it. A ring whose next state
-- is no contact was not answered; one that ended as a contact of its queue gave up is left out.
with given as materialized (
    select
        m.agent_id,
        m.queue_id,
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
    select distinct
        g.queue_id,
        g.agent_id
    from given as g
    where not exists (select 1 from warehouse.queue_members as q where q.queue_id = g.queue_id)
),

rivals as (
    select
        g.agent_id,
        g.queue_id,
        g.began_at,
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
    group by g.agent_id, g.queue_id, g.began_at, g.given_at
),

idle as (
    select
        g.agent_id,
        count(*) as idle_calls,
        round(extract(epoch from sum(g.given_at - g.began_at))) as idle_seconds,
        round(percentile_cont(0.5) within group (order by extract(epoch from g.given_at - g.began_at))) as median_idle_seconds
    from given as g
    group by grouping sets ((g.agent_id), ())
),

routed as (
    select
        r.agent_id,
        count(*) as routed_calls,
        count(*) filter (where r.began_at <= r.longest_began_at) as longest_idle_first_calls
    from rivals as r
    group by grouping sets ((r.agent_id), ())
),

rings as (
    select
        s.agent_id,
        count(*) as ring_count,
        count(*) filter (where n.state_name <> 'on_contact') as unanswered_ring_count
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
    group by grouping sets ((s.agent_id), ())
),

named as (
    select i.agent_id from idle as i
    where i.idle_calls > 0
    union
    select r.agent_id from rings as r
    where r.ring_count > 0
)

select
    n.agent_id,
    a.agent_name,
    coalesce(i.idle_calls, 0) as idle_calls,
    coalesce(i.idle_seconds, 0) as idle_seconds,
    i.median_idle_seconds,
    coalesce(r.routed_calls, 0) as routed_calls,
    coalesce(r.longest_idle_first_calls, 0) as longest_idle_first_calls,
    coalesce(g.ring_count, 0) as ring_count,
    coalesce(g.unanswered_ring_count, 0) as unanswered_ring_count
from named as n
left join warehouse.agents as a on n.agent_id = a.agent_id
left join idle as i on n.agent_id is not distinct from i.agent_id
left join routed as r on n.agent_id is not distinct from r.agent_id
left join rings as g on n.agent_id is not distinct from g.agent_id
order by a.agent_name, n.agent_id
