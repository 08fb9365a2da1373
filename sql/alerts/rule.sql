-- What does this rule of an alert say, without the addresses of whom it tells?
-- Grain: one row; none where it is not known.
select
    r.rule_name,
    r.measure_name,
    r.metric_name,
    r.scope_kind_name,
    r.scope_key,
    r.window_seconds,
    r.comparison_name,
    r.threshold_value,
    r.clear_value,
    r.minimum_count,
    r.hold_seconds,
    r.severity_name,
    r.quiet_from_seconds,
    r.quiet_until_seconds
from ops.alert_rules as r
where r.rule_id = :rule_id
