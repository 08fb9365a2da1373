-- Whether intervals of queues, and of agents, are noted as dirty: where none is, there is nothing to roll up.
-- Grain: one row. Those whose rows were deleted for their age are forgotten: they stay as they were counted.
with deleted_queues as (
    delete from dirty_queue_intervals where interval_start_at < (select ops.whole_from('queue_intervals'))
),

deleted_agents as (
    delete from dirty_agent_intervals where interval_start_at < (select ops.whole_from('agent_intervals'))
)

select
    exists(
        select 1 from dirty_queue_intervals where interval_start_at >= (select ops.whole_from('queue_intervals'))
    ) as has_dirty_queues,
    exists(
        select 1 from dirty_agent_intervals where interval_start_at >= (select ops.whole_from('agent_intervals'))
    ) as has_dirty_agents
