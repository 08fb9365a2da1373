-- Who belonged to which team, and since when.
-- Grain: one row per time that an agent belongs to a team.
select
    m.agent_id,
    a.agent_name,
    t.team_name,
    m.started_date,
    m.ended_date
from warehouse.team_members as m
inner join warehouse.agents as a on m.agent_id = a.agent_id
inner join warehouse.teams as t on m.team_id = t.team_id
order by a.agent_name, m.agent_id, m.started_date
