-- Takes down that a process is alive at this instant.
-- Grain: one row per kind of process.
insert into ops.heartbeats (process_name, started_at, beat_at)
values (:process_name, :started_at, :beat_at)
on conflict (process_name) do update set
    started_at = excluded.started_at,
    beat_at = excluded.beat_at
