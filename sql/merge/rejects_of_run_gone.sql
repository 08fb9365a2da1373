-- Forgets what a replay refused again: those rows stand in the quarantine already.
-- Grain: one row per refused row.
delete from ops.rejects
where run_id = :run_id
