-- Tells the planner what a large load has changed, before autovacuum comes round to it.
-- Grain: nothing is answered.
analyze warehouse.calls, warehouse.agent_states, warehouse.queue_members, warehouse.queue_intervals, warehouse.agent_intervals
