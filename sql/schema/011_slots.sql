-- Who loads when: slots that are taken once, jobs as they stand, local days that are done.
-- Grain: as each table's comment states.
create table ops.slots (
    job_name text primary key,
    slot_at timestamptz not null check (slot_at >= '1990-01-01 00:00:00+00' and slot_at < '2100-01-01 00:00:00+00'),
    taken_at timestamptz not null check (
        taken_at >= '1990-01-01 00:00:00+00' and taken_at < '2100-01-01 00:00:00+00'
    ),
    process_name text not null
) with (fillfactor = 50);
comment on table ops.slots is
'Grain: one row per job: the newest slot that was taken, by the clock of this server. A slot is an interval of the job; '
'whoever moves the row on, in the transaction that begins the work, has that slot, and nobody else gets it.';

create table ops.jobs (
    job_name text primary key,
    every_seconds integer not null check (every_seconds > 0),
    next_run_at timestamptz check (next_run_at >= '1990-01-01 00:00:00+00' and next_run_at < '2100-01-01 00:00:00+00'),
    last_started_at timestamptz check (
        last_started_at >= '1990-01-01 00:00:00+00' and last_started_at < '2100-01-01 00:00:00+00'
    ),
    last_ended_at timestamptz check (
        last_ended_at >= '1990-01-01 00:00:00+00' and last_ended_at < '2100-01-01 00:00:00+00'
    ),
    outcome_name text check (outcome_name in ('succeeded', 'failed', 'stopped')),
    host_name text not null,
    process_number integer not null,
    seen_at timestamptz not null check (seen_at >= '1990-01-01 00:00:00+00' and seen_at < '2100-01-01 00:00:00+00')
) with (fillfactor = 50);
comment on table ops.jobs is
'Grain: one row per job, written by the process that leads it: when it runs next, when it last began and ended, and '
'how. seen_at stands on the clock of this server, the other instants on that of the loads.';

create table ops.closed_days (
    work_name text not null,
    source_name text not null,
    day_date date not null check (day_date >= '1990-01-01' and day_date < '2100-01-01'),
    taken_at timestamptz not null check (
        taken_at >= '1990-01-01 00:00:00+00' and taken_at < '2100-01-01 00:00:00+00'
    ),
    closed_at timestamptz check (closed_at >= '1990-01-01 00:00:00+00' and closed_at < '2100-01-01 00:00:00+00'),
    process_name text not null,
    primary key (work_name, source_name, day_date)
);
comment on table ops.closed_days is
'Grain: one row per work that is due once a day, source and local day. closed_at is null while somebody is at it, or was when '
'it broke off; a row that is closed is never taken again.';

comment on table ops.heartbeats is
'Grain: one row per process that loads: when it last proved to be alive. etl is the one that leads; others have names of '
'their own and stand by.';
