-- Takes down who changed a goal, and to what.
-- Grain: one row.
insert into warehouse.goal_saves (goal_id, version_number, saved_at, viewer_name, action_name, reason_text, values_text)
values (:goal_id, :version_number, :at, :viewer_name, :action_name, :reason_text, :values_text)
