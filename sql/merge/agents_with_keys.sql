-- Every agent with the keys by which the sources know the agent.
-- Grain: one row per key of an agent; an agent without one has a single row.
select
    a.agent_id,
    a.agent_name,
    k.source_name,
    k.source_key
from warehouse.agents as a
left join warehouse.agent_keys as k on a.agent_id = k.agent_id
order by a.agent_id, k.source_name, k.source_key
