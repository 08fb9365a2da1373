-- Takes the undated team from an agent who has no dated one left.
-- Grain: one row per agent.
update warehouse.agents as a set team_id = null
where
    a.agent_id = any(cast(:agent_ids as integer [])) and a.team_id is not null
    and not exists (select 1 from warehouse.team_members as m where m.agent_id = a.agent_id)
