-- Tells the planner what a large load has changed, before autovacuum comes round to it.
-- Grain: nothing is answered. A table that somebody else is telling the planner of is left to them.
analyze (skip_locked) warehouse.calls, warehouse.agent_states, warehouse.queue_members, warehouse.queue_intervals, warehouse.agent_intervals
