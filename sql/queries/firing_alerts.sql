-- Which alerts have fired and not ended?
-- Grain: one row per rule and scope, the most severe first, then the newest; those of muted rules come last.
select
    s.rule_id,
    r.rule_name,
    r.measure_name,
    r.metric_name,
    r.scope_kind_name,
    s.scope_id,
    s.scope_name,
    r.comparison_name,
    r.threshold_value,
    r.clear_value,
    r.window_seconds,
    r.severity_name,
    s.state_name,
    s.fired_at,
    s.since_at,
    s.firing_number,
    s.measured_value,
    s.measured_count,
    s.is_known,
    s.acknowledged_at,
    s.acknowledged_by_name,
    s.note_text,
    coalesce(r.muted_until_at > :as_of, false) as is_muted
from ops.alert_standings as s
inner join ops.alert_rules as r on s.rule_id = r.rule_id
where
    s.state_name in ('firing', 'acknowledged', 'clearing') and s.fired_at <= :as_of
    and r.is_active and r.removed_at is null
order by
    coalesce(r.muted_until_at > :as_of, false),
    case r.severity_name when 'critical' then 1 when 'warning' then 2 else 3 end,
    s.acknowledged_at is not null,
    s.fired_at desc,
    s.rule_id,
    s.scope_id
