-- Writes into the run ledger a start that failed before it read anything, or that was left out.
-- Grain: one row per such start.
insert into ops.runs (started_at, ended_at, source_name, outcome_name, error_text)
values (:failed_at, :failed_at, :source_name, 'failed', :error_text)
