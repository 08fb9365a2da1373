-- What these agents are called.
-- Grain: one row per agent.
select
    a.agent_id,
    a.agent_name
from warehouse.agents as a
where a.agent_id = any(cast(:agent_ids as integer []))
