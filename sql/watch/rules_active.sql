-- Which rules are watched now? Their rows stay as they are until this transaction is over.
-- Grain: one row per rule that is switched on and not removed.
select
    r.rule_id,
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
    r.email_text,
    r.webhook_text,
    r.quiet_from_seconds,
    r.quiet_until_seconds,
    r.muted_until_at,
    r.error_text
from ops.alert_rules as r
where r.is_active and r.removed_at is null
order by r.rule_id
for share of r
