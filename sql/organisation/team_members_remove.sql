-- Removes a membership of a team that still is what it was when editing began.
-- Grain: one row per membership removed; none where somebody else changed it meanwhile.
delete from warehouse.team_members as m
where
    m.agent_id = :was_agent_id and m.started_date = cast(:was_started_date as date)
    and m.team_id = (select t.team_id from warehouse.teams as t where t.team_name = :was_team_name)
    and m.ended_date is not distinct from cast(:was_ended_date as date)
