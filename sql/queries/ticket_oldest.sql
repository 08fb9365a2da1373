-- Which unsolved tickets are the oldest, and how long have they stood in their status?
-- Grain: one row per ticket that was unsolved at :as_of, the 100 oldest.
with oldest as (
    select u.*
    from warehouse.unsolved_tickets(:as_of) as u
    where
        (cast(:group_name as text) is null or coalesce(u.group_name, '') = :group_name)
        and (cast(:priority_name as text) is null or coalesce(u.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(u.channel_name, '') = :channel_name)
    order by u.created_at, u.source_name, u.ticket_id
    limit 100
)

select
    o.source_name,
    o.ticket_id,
    o.topic_name,
    o.group_name,
    o.priority_name,
    o.status_name,
    a.agent_name,
    o.created_at,
    floor(extract(epoch from :as_of - o.created_at)) as age_seconds,
    floor(extract(epoch from :as_of - coalesce(c.changed_at, o.created_at))) as in_status_seconds,
    o.url_text
from oldest as o
left join warehouse.agents as a on o.agent_id = a.agent_id
left join lateral (
    select max(s.occurred_at) filter (where s.state_name is distinct from s.state_before_name) as changed_at
    from (
        select
            n.occurred_at,
            n.state_name,
            lag(n.state_name, 1, 'new') over (order by n.occurred_at, n.event_number) as state_before_name
        from (
            select
                m.occurred_at,
                m.event_number,
                case
                    when
                        m.value_text in ('new', 'open') and first_value(m.value_text) over (
                            partition by m.stretch_number order by m.occurred_at, m.event_number
                        ) in ('solved', 'closed', 'needs_rework')
                        then 'needs_rework'
                    else m.value_text
                end as state_name
            from (
                select
                    e.occurred_at,
                    e.event_number,
                    e.value_text,
                    count(*) filter (where e.value_text not in ('new', 'open'))
                        over (order by e.occurred_at, e.event_number) as stretch_number
                from warehouse.ticket_events as e
                where
                    e.source_name = o.source_name and e.ticket_id = o.ticket_id and e.event_name = 'status'
                    and e.occurred_at <= :as_of
                    and e.value_text in ('new', 'open', 'pending', 'on_hold', 'solved', 'closed', 'needs_rework')
            ) as m
        ) as n
    ) as s
) as c on true
order by o.created_at, o.source_name, o.ticket_id
