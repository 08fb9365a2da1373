-- Which rules of alerts are there, and how do the alerts of each stand?
-- Grain: one row per rule that is not removed.
select
    r.rule_id,
    r.version_number,
    r.rule_name,
    r.measure_name,
    r.metric_name,
    r.scope_kind_name,
    r.scope_key,
    case
        when r.scope_key = '' then ''
        when r.scope_kind_name = 'queue'
            then (select q.queue_name from warehouse.queues as q where cast(q.queue_id as text) = r.scope_key)
        when r.scope_kind_name = 'team'
            then (select t.team_name from warehouse.teams as t where cast(t.team_id as text) = r.scope_key)
        else r.scope_key
    end as scope_name,
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
    r.is_active,
    r.error_text,
    r.viewer_name,
    r.made_at,
    coalesce(s.scope_count, 0) as scope_count,
    coalesce(s.firing_count, 0) as firing_count,
    coalesce(s.pending_count, 0) as pending_count,
    coalesce(s.unknown_count, 0) as unknown_count,
    s.evaluated_at
from ops.alert_rules as r
left join (
    select
        a.rule_id,
        count(*) as scope_count,
        count(*) filter (where a.state_name in ('firing', 'acknowledged', 'clearing')) as firing_count,
        count(*) filter (where a.state_name = 'pending') as pending_count,
        count(*) filter (where not a.is_known) as unknown_count,
        max(a.evaluated_at) as evaluated_at
    from ops.alert_standings as a
    group by a.rule_id
) as s on r.rule_id = s.rule_id
where r.removed_at is null and r.made_at <= :as_of
order by r.rule_name, r.rule_id
