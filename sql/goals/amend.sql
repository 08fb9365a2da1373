-- Gives a goal other values, if it is still the one that was looked at.
-- Grain: one row.
update warehouse.goals set
    version_number = version_number + 1,
    closed_at = :closed_at,
    baseline_first_date = :baseline_first_date,
    baseline_last_date = :baseline_last_date,
    started_date = :started_date,
    deadline_date = :deadline_date,
    window_days = :window_days,
    minimum_count = :minimum_count,
    baseline_count = :baseline_count,
    baseline_value = :baseline_value,
    target_value = :target_value,
    goal_name = :goal_name,
    metric_name = :metric_name,
    scope_kind_name = :scope_kind_name,
    scope_key = :scope_key,
    owner_name = :owner_name,
    note_text = :note_text
where goal_id = :goal_id and version_number = :version_number
