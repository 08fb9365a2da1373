-- How do the alerts of a rule stand? Nobody else changes them until this transaction is over.
-- Grain: one row per scope that was measured before.
select
    s.scope_id,
    s.scope_name,
    s.state_name,
    s.since_at,
    s.held_seconds,
    s.known_at,
    s.is_known,
    s.fired_at,
    s.acknowledged_at,
    s.firing_number
from ops.alert_standings as s
where s.rule_id = :rule_id
order by s.scope_id
for update
