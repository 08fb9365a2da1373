-- The number of the run that begins now.
-- Grain: one row.
select nextval(pg_get_serial_sequence('ops.runs', 'run_id')) as run_id
