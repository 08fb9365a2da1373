-- The agents of the organisation, as they can be edited.
-- Grain: one row per agent.
select
    t.agent_id,
    t.agent_name,
    t.alias_name,
    t.site_name,
    t.time_zone_name,
    t.is_active
from warehouse.agents as t
order by t.agent_name, t.agent_id
