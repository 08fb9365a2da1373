-- Takes away the agents' intervals that would say nothing any more but that somebody was there.
-- Grain: one row per agent and 15 minutes.
with policy as materialized (
    select
        warehouse.is_individual('handled_contacts') or warehouse.is_individual('handle_time') as has_calls,
        warehouse.is_individual('states') as has_states
)

delete from warehouse.agent_intervals as i
using policy as p
where not p.has_states and (not p.has_calls or i.handled_calls + i.outbound_calls + i.internal_calls = 0)
