-- Writes why a rule could not be measured, or that it can be again.
-- Grain: one row.
update ops.alert_rules set error_text = :error_text
where rule_id = :rule_id and error_text is distinct from :error_text
