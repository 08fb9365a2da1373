-- Whether intervals of queues, and of agents, are noted as dirty: where none is, there is nothing to roll up.
-- Grain: one row.
select
    exists(select 1 from dirty_queue_intervals) as has_dirty_queues,
    exists(select 1 from dirty_agent_intervals) as has_dirty_agents
