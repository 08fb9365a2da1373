-- Writes a batch's row of the ledger, in the batch's own transaction.
-- Grain: one row per batch.
insert into ops.runs (
    run_id, started_at, ended_at, newest_event_at, read_rows, loaded_rows, unchanged_rows, rejected_rows,
    source_name, outcome_name, notice_text, error_text
)
values (
    :run_id, :started_at, :ended_at, :newest_event_at, :read_rows, :loaded_rows, :unchanged_rows, :rejected_rows,
    :source_name, :outcome_name, :notice_text, :error_text
)
