-- Writes down what a comparison of a day found.
-- Grain: one row: its number.
insert into ops.reconciliations (
    checked_at, day_date, origin_rows, warehouse_rows, missing_rows, differing_rows, mended_rows, surplus_rows,
    duration_seconds, source_name, outcome_name, reason_text
)
values (
    :checked_at, :day_date, :origin_rows, :warehouse_rows, :missing_rows, :differing_rows, :mended_rows, :surplus_rows,
    :duration_seconds, :source_name, :outcome_name, :reason_text
)
returning reconciliation_id
