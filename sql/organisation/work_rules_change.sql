-- Changes the rules of work of a team that still are what they were when editing began.
-- Grain: one row per rule changed; none where somebody else changed it meanwhile.
update warehouse.work_rules as r set
    team_id = (select t.team_id from warehouse.teams as t where t.team_name = cast(:team_name as text)),
    grace_seconds = :grace_seconds,
    short_call_seconds = :short_call_seconds
where
    r.team_id is not distinct from (select t.team_id from warehouse.teams as t where t.team_name = cast(:was_team_name as text))
    and (r.grace_seconds, r.short_call_seconds) = (:was_grace_seconds, :was_short_call_seconds)
