-- Takes down that a process is alive at this instant, and, where it gave no sign for more than two heartbeats, since when.
-- Grain: one row per kind of process.
with silence as (
    insert into ops.silences (process_name, silent_from_at, silent_until_at)
    select
        b.process_name,
        b.beat_at,
        :beat_at
    from ops.heartbeats as b
    where
        b.process_name = :process_name
        and b.beat_at < :beat_at
        and b.noted_at < clock_timestamp() - interval '20 seconds'
    on conflict (process_name, silent_from_at) do update set
        silent_until_at = excluded.silent_until_at
)

insert into ops.heartbeats (process_name, started_at, beat_at, noted_at)
values (:process_name, :started_at, :beat_at, clock_timestamp())
on conflict (process_name) do update set
    started_at = excluded.started_at,
    beat_at = excluded.beat_at,
    noted_at = excluded.noted_at
