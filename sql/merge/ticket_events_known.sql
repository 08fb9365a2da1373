-- Everything that happened to some tickets of a source.
-- Grain: one row per event.
select
    e.ticket_id,
    e.occurred_at,
    e.event_number,
    e.event_name,
    e.actor_name,
    e.agent_id,
    e.value_text
from warehouse.ticket_events as e
where e.source_name = :source_name and e.ticket_id = any(cast(:ticket_ids as text []))
order by e.ticket_id, e.occurred_at, e.event_number
