-- What happened to one ticket, from its creation until now, as its source told it, and with which load did that come?
-- Grain: one row per event, in the order of time. is_escalation: handed from one group to another, or raised in priority, after its
-- creation, as in ticket_groups. value_before_text: the last value that the same thing had before.
select
    e.occurred_at,
    e.event_number,
    e.event_name,
    e.value_text,
    b.value_text as value_before_text,
    coalesce(
        e.occurred_at > t.created_at
        and case e.event_name
            when 'group' then b.value_text <> e.value_text
            when 'priority'
                then
                    array_position(array['low', 'normal', 'high', 'urgent'], e.value_text)
                    > array_position(array['low', 'normal', 'high', 'urgent'], b.value_text)
            else false
        end,
        false
    ) as is_escalation,
    e.actor_name,
    a.agent_name,
    e.run_id,
    e.version_number,
    e.source_name,
    e.ticket_id
from warehouse.tickets as t
inner join warehouse.ticket_events as e on t.source_name = e.source_name and t.ticket_id = e.ticket_id
left join warehouse.agents as a on e.agent_id = a.agent_id
left join lateral (
    select p.value_text
    from warehouse.ticket_events as p
    where
        p.source_name = e.source_name and p.ticket_id = e.ticket_id and p.event_name = e.event_name
        and p.value_text is not null and (p.occurred_at, p.event_number) < (e.occurred_at, e.event_number)
    order by p.occurred_at desc, p.event_number desc
    limit 1
) as b on true
where t.source_name = :source_name and t.ticket_id = :ticket_id
order by e.occurred_at, e.event_number
