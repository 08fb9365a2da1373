-- Writes how the alerts of a rule stand after a measurement.
-- Grain: one row per scope.
insert into ops.alert_standings as s (
    rule_id, scope_id, since_at, fired_at, acknowledged_at, known_at, evaluated_at, firing_number, measured_count, held_seconds,
    measured_value, is_known, scope_name, state_name
)
select
    cast(:rule_id as integer),
    t.scope_id,
    t.since_at,
    t.fired_at,
    t.acknowledged_at,
    t.known_at,
    cast(:evaluated_at as timestamptz),
    t.firing_number,
    t.measured_count,
    t.held_seconds,
    t.measured_value,
    t.is_known,
    t.scope_name,
    t.state_name
from unnest(
    cast(:scope_ids as text []),
    cast(:since_ats as timestamptz []),
    cast(:fired_ats as timestamptz []),
    cast(:acknowledged_ats as timestamptz []),
    cast(:known_ats as timestamptz []),
    cast(:firing_numbers as integer []),
    cast(:measured_counts as bigint []),
    cast(:held_seconds as double precision []),
    cast(:measured_values as double precision []),
    cast(:is_knowns as boolean []),
    cast(:scope_names as text []),
    cast(:state_names as text [])
) as t (
    scope_id, since_at, fired_at, acknowledged_at, known_at, firing_number, measured_count, held_seconds, measured_value,
    is_known, scope_name, state_name
)
on conflict (rule_id, scope_id) do update set
    since_at = excluded.since_at,
    fired_at = excluded.fired_at,
    acknowledged_at = excluded.acknowledged_at,
    acknowledged_by_name = case when excluded.acknowledged_at is not null then s.acknowledged_by_name end,
    note_text = case when excluded.acknowledged_at is not null then s.note_text end,
    known_at = excluded.known_at,
    evaluated_at = excluded.evaluated_at,
    firing_number = excluded.firing_number,
    measured_count = excluded.measured_count,
    held_seconds = excluded.held_seconds,
    measured_value = excluded.measured_value,
    is_known = excluded.is_known,
    scope_name = excluded.scope_name,
    state_name = excluded.state_name
