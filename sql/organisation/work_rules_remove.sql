-- Removes the rules of work of a team that still are what they were when editing began.
-- Grain: one row per rule removed; none where somebody else changed it meanwhile.
delete from warehouse.work_rules as r
where
    r.team_id is not distinct from (select t.team_id from warehouse.teams as t where t.team_name = cast(:was_team_name as text))
    and (r.grace_seconds, r.short_call_seconds) = (:was_grace_seconds, :was_short_call_seconds)
