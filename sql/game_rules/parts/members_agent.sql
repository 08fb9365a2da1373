-- Who gets what an agent earned: the agent.
-- Grain: one row per agent and period.
select distinct
    g.unit_id,
    g.unit_id as agent_id,
    g.start_date
from due as g
