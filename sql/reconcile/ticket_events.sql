-- The changes of tickets that the warehouse holds of one source within a window.
-- Grain: one row per change.
select
    e.occurred_at,
    e.version_number,
    e.event_number,
    e.agent_id,
    e.ticket_id,
    e.event_name,
    e.actor_name,
    e.value_text,
    e.run_id
from warehouse.ticket_events as e
where
    e.source_name = :source_name and e.occurred_at >= :window_start and e.occurred_at < :window_end
