-- Makes a goal.
-- Grain: one row, with its number.
insert into warehouse.goals (
    made_at, baseline_first_date, baseline_last_date, started_date, deadline_date, window_days, minimum_count, baseline_count,
    baseline_value, target_value, goal_name, metric_name, scope_kind_name, scope_key, owner_name, note_text
)
values (
    :at, :baseline_first_date, :baseline_last_date, :started_date, :deadline_date, :window_days, :minimum_count, :baseline_count,
    :baseline_value, :target_value, :goal_name, :metric_name, :scope_kind_name, :scope_key, :owner_name, :note_text
)
returning goal_id
