-- Takes the words that are due from the outbox; those that a dead loader had taken are taken again.
-- Grain: one row per word, with everything that is told.
with taken as (
    update ops.alert_deliveries as d set
        taken_at = :now,
        tries_count = d.tries_count + 1
    where d.delivery_id in (
        select o.delivery_id
        from ops.alert_deliveries as o
        where o.outcome_name is null and o.due_at <= :now and (o.taken_at is null or o.taken_at < :left_behind_at)
        order by o.delivery_id
        limit 200
        for update skip locked
    )
    returning d.delivery_id, d.event_id, d.way_name, d.target_text, d.tries_count
)

select
    t.delivery_id,
    t.event_id,
    t.way_name,
    t.target_text,
    t.tries_count,
    e.occurred_at,
    e.change_name,
    e.firing_number,
    e.scope_id,
    e.scope_name,
    e.measured_value,
    e.measured_count,
    r.rule_id,
    r.rule_name,
    r.measure_name,
    r.metric_name,
    r.scope_kind_name,
    r.comparison_name,
    r.threshold_value,
    r.minimum_count,
    r.window_seconds,
    r.severity_name
from taken as t
inner join ops.alert_events as e on t.event_id = e.event_id
inner join ops.alert_rules as r on e.rule_id = r.rule_id
order by t.delivery_id
