-- Takes the measured days over into a new version of the goal, where what is measured has stayed the same.
-- Grain: one row per day.
update warehouse.goal_days set version_number = :version_number + 1
where goal_id = :goal_id and version_number = :version_number
