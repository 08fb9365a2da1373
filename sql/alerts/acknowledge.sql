-- Notes that somebody has seen an alert that fires, with what he says of it; the firing that he looked at, no later one.
-- Grain: one row.
update ops.alert_standings set
    state_name = case state_name when 'firing' then 'acknowledged' else state_name end,
    since_at = case state_name when 'firing' then cast(:at as timestamptz) else since_at end,
    acknowledged_at = :at,
    acknowledged_by_name = :viewer_name,
    note_text = :note_text
where
    rule_id = :rule_id and scope_id = :scope_id and firing_number = :firing_number
    and state_name in ('firing', 'acknowledged', 'clearing')
returning scope_name, measured_value, measured_count
