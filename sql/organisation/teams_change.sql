-- Changes a team that still is what it was when editing began.
-- Grain: one row per team changed; none where somebody else changed it meanwhile.
update warehouse.teams as t set
    team_name = cast(:team_name as text)
where t.team_id = :was_team_id and t.team_name is not distinct from cast(:was_team_name as text)
