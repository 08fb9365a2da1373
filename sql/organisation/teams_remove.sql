-- Removes a team that still is what it was when editing began.
-- Grain: one row per team removed; none where somebody else changed it meanwhile.
delete from warehouse.teams as t
where t.team_id = :was_team_id and t.team_name is not distinct from cast(:was_team_name as text)
