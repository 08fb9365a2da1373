-- Makes a rule of an alert.
-- Grain: one row, with its number.
insert into ops.alert_rules (
    made_at, rule_name, measure_name, metric_name, scope_kind_name, scope_key, window_seconds, comparison_name, threshold_value,
    clear_value, minimum_count, hold_seconds, severity_name, email_text, webhook_text, quiet_from_seconds, quiet_until_seconds,
    viewer_name
)
values (
    :at, :rule_name, :measure_name, :metric_name, :scope_kind_name, :scope_key, :window_seconds, :comparison_name,
    :threshold_value, :clear_value, :minimum_count, :hold_seconds, :severity_name, :email_text, :webhook_text,
    :quiet_from_seconds, :quiet_until_seconds, :viewer_name
)
returning rule_id
