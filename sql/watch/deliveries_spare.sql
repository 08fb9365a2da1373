-- Lets go of words that waited for the end of quiet hours and are of no use any more: the alert has ended meanwhile.
-- Grain: one row per word that fired and waited, and one per end of what nobody was told of.
with fired as (
    update ops.alert_deliveries as d set
        outcome_name = 'not needed',
        ended_at = :now
    from ops.alert_events as e
    where
        d.event_id = e.event_id and d.outcome_name is null and d.tries_count = 0 and d.taken_at is null and e.change_name = 'fired'
        and d.due_at > e.occurred_at
        and (e.rule_id, e.scope_id, e.firing_number) not in (
            select
                s.rule_id,
                s.scope_id,
                s.firing_number
            from ops.alert_standings as s
            where s.state_name in ('firing', 'acknowledged', 'clearing')
        )
    returning e.rule_id, e.scope_id, e.firing_number, d.way_name, d.target_text
),

untold as (
    select
        f.rule_id,
        f.scope_id,
        f.firing_number,
        f.way_name,
        f.target_text
    from fired as f
    union
    select
        e.rule_id,
        e.scope_id,
        e.firing_number,
        d.way_name,
        d.target_text
    from ops.alert_deliveries as d
    inner join ops.alert_events as e on d.event_id = e.event_id
    where d.outcome_name = 'not needed' and e.change_name = 'fired' and e.occurred_at > :now - interval '2 days'
)

update ops.alert_deliveries as d set
    outcome_name = 'not needed',
    ended_at = :now
from ops.alert_events as e
inner join untold as u
    on e.rule_id = u.rule_id and e.scope_id = u.scope_id and e.firing_number = u.firing_number
where
    d.event_id = e.event_id and e.change_name = 'ended' and d.outcome_name is null and d.taken_at is null
    and d.way_name = u.way_name and d.target_text = u.target_text
