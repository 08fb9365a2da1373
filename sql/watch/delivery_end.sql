-- Writes what became of a word of the outbox: its outcome, or when it is tried again.
-- Grain: one row.
update ops.alert_deliveries set
    outcome_name = :outcome_name,
    ended_at = case when cast(:outcome_name as text) is not null then cast(:now as timestamptz) end,
    due_at = coalesce(cast(:due_at as timestamptz), due_at),
    taken_at = case when cast(:outcome_name as text) is not null then taken_at end,
    error_text = :error_text
where delivery_id = :delivery_id and outcome_name is null
