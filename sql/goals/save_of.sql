-- What was the goal in this version?
-- Grain: one row at most.
select s.values_text from warehouse.goal_saves as s where s.goal_id = :goal_id and s.version_number = :version_number
