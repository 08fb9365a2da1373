-- The agents whose team is known without a date.
-- Grain: one row per agent.
select
    a.agent_id,
    t.team_name
from warehouse.agents as a
inner join warehouse.teams as t on a.team_id = t.team_id
where not exists (select 1 from warehouse.team_members as m where m.agent_id = a.agent_id)
