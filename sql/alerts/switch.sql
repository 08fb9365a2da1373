-- Mutes, switches or removes a rule; a rule that is not watched any more has no standings.
-- Grain: one row.
with gone as (
    delete from ops.alert_standings
    where rule_id = :rule_id and (not cast(:is_active as boolean) or cast(:removed_at as timestamptz) is not null)
)

update ops.alert_rules set
    muted_until_at = :muted_until_at,
    is_active = :is_active,
    removed_at = :removed_at
where rule_id = :rule_id and removed_at is null
