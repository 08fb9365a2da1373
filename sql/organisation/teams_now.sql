-- To which team does each agent belong at present?
-- Grain: one row per agent who has a team.
select
    a.agent_id,
    t.team_name
from warehouse.agents as a
inner join warehouse.teams as t on a.team_id = t.team_id
