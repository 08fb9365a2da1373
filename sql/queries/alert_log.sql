-- What happened to the alerts and their rules, and who was told?
-- Grain: one row per event of the last 30 days, the newest first, 300 at most.
select
    e.event_id,
    e.occurred_at,
    e.rule_id,
    r.rule_name,
    r.measure_name,
    r.metric_name,
    r.severity_name,
    r.scope_kind_name,
    e.scope_id,
    e.scope_name,
    e.change_name,
    e.measured_value,
    e.measured_count,
    e.viewer_name,
    e.note_text,
    coalesce(d.word_count, 0) as word_count,
    coalesce(d.delivered_count, 0) as delivered_count,
    coalesce(d.given_up_count, 0) as given_up_count,
    d.error_text
from ops.alert_events as e
inner join ops.alert_rules as r on e.rule_id = r.rule_id
left join lateral (
    select
        count(*) filter (where o.outcome_name is distinct from 'not needed') as word_count,
        count(*) filter (where o.outcome_name = 'delivered') as delivered_count,
        count(*) filter (where o.outcome_name = 'given up') as given_up_count,
        max(o.error_text) filter (where o.outcome_name is distinct from 'delivered') as error_text
    from ops.alert_deliveries as o
    where o.event_id = e.event_id
) as d on true
where e.occurred_at <= :as_of and e.occurred_at > :as_of - interval '30 days'
order by e.event_id desc
limit 300
