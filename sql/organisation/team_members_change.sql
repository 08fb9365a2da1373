-- Changes a membership of a team that still is what it was when editing began.
-- Grain: one row per membership changed; none where somebody else changed it meanwhile.
update warehouse.team_members as m set
    team_id = (select t.team_id from warehouse.teams as t where t.team_name = :team_name),
    agent_id = :agent_id,
    started_date = cast(:started_date as date),
    ended_date = cast(:ended_date as date)
where
    m.agent_id = :was_agent_id and m.started_date = cast(:was_started_date as date)
    and m.team_id = (select t.team_id from warehouse.teams as t where t.team_name = :was_team_name)
    and m.ended_date is not distinct from cast(:was_ended_date as date)
