-- Ends a run of the ledger, with what it wrote and what it was made from.
-- Grain: one row per run.
update game.runs set
    ended_at = greatest(cast(:ended_at as timestamptz), started_at),
    added_entries = :added_entries,
    reversed_entries = :reversed_entries,
    basis_sha256 = :basis_sha256
where run_id = :run_id
