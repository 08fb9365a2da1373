-- The memberships of agents in queues that the warehouse holds of one source within a window.
-- Grain: one row per membership.
select
    m.started_at,
    m.ended_at,
    m.version_number,
    m.queue_id,
    m.agent_id,
    m.run_id
from warehouse.queue_members as m
where
    m.source_name = :source_name and m.started_at >= :window_start and m.started_at < :window_end
