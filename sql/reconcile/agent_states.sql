-- The states of agents that the warehouse holds of one source within a window.
-- Grain: one row per state.
select
    s.started_at,
    s.ended_at,
    s.version_number,
    s.agent_id,
    s.queue_id,
    s.state_name,
    s.reason_name,
    s.run_id
from warehouse.agent_states as s
where
    s.source_name = :source_name and s.started_at >= :window_start and s.started_at < :window_end
