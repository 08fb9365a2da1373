-- Takes back the heartbeat of a process that stood by and has ended, or leads now.
-- Grain: one row.
delete from ops.heartbeats
where process_name = :process_name
