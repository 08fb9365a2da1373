-- What is known of the times when nothing was read: the silences of the loader.
-- Grain: as each table's comment states.
alter table ops.heartbeats add column noted_at timestamptz not null default now()
check (noted_at >= '1990-01-01' and noted_at < '2100-01-01');
comment on column ops.heartbeats.noted_at is
'When the heartbeat was written, on the warehouse''s own clock: the clocks of the loader and of a page may differ.';

create table ops.silences (
    process_name text not null,
    silent_from_at timestamptz not null check (silent_from_at >= '1990-01-01' and silent_from_at < '2100-01-01'),
    silent_until_at timestamptz not null check (silent_until_at >= '1990-01-01' and silent_until_at < '2100-01-01'),
    primary key (process_name, silent_from_at),
    check (silent_until_at > silent_from_at)
);
comment on table ops.silences is
'Grain: one row per time that a process gave no sign of life for more than two heartbeats: from its last beat before to its '
'first one after. Written by that first heartbeat.';
create index silences_by_end on ops.silences (process_name, silent_until_at);

create index runs_failed on ops.runs (source_name, ended_at) where outcome_name = 'failed';
