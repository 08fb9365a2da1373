-- Takes down what happened to an alert or its rule.
-- Grain: one row, with its number.
insert into ops.alert_events (
    occurred_at, rule_id, firing_number, measured_count, measured_value, scope_id, scope_name, change_name, viewer_name, note_text
)
values (
    :occurred_at, :rule_id, :firing_number, :measured_count, :measured_value, :scope_id, :scope_name, :change_name,
    :viewer_name, :note_text
)
returning event_id
