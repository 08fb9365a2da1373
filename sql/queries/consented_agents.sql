-- Whose names may that kind of board show now?
-- Grain: one row per person who allows it, by name.
select
    c.agent_id,
    c.agent_name
from access.consented_agents(:board_name) as c
order by c.agent_name, c.agent_id
