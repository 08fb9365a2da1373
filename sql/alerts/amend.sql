-- Gives a rule other terms, if it is still the one that was looked at; what it had measured under the old ones is let go of.
-- Grain: one row.
with gone as (
    delete from ops.alert_standings as s
    using ops.alert_rules as r
    where s.rule_id = r.rule_id and r.rule_id = :rule_id and r.version_number = :version_number
)

update ops.alert_rules set
    version_number = version_number + 1,
    rule_name = :rule_name,
    measure_name = :measure_name,
    metric_name = :metric_name,
    scope_kind_name = :scope_kind_name,
    scope_key = :scope_key,
    window_seconds = :window_seconds,
    comparison_name = :comparison_name,
    threshold_value = :threshold_value,
    clear_value = :clear_value,
    minimum_count = :minimum_count,
    hold_seconds = :hold_seconds,
    severity_name = :severity_name,
    email_text = :email_text,
    webhook_text = :webhook_text,
    quiet_from_seconds = :quiet_from_seconds,
    quiet_until_seconds = :quiet_until_seconds,
    error_text = null
where rule_id = :rule_id and version_number = :version_number and removed_at is null
