-- Takes down the jobs that this process leads, as they stand.
-- Grain: one row per job.
insert into ops.jobs as j (
    job_name, every_seconds, next_run_at, last_started_at, last_ended_at, outcome_name, host_name, process_number, seen_at
)
select
    n.job_name,
    n.every_seconds,
    n.next_run_at,
    n.last_started_at,
    n.last_ended_at,
    n.outcome_name,
    :host_name as host_name,
    :process_number as process_number,
    clock_timestamp() as seen_at
from unnest(
    cast(:job_names as text []),
    cast(:every_seconds as integer []),
    cast(:next_run_ats as timestamptz []),
    cast(:last_started_ats as timestamptz []),
    cast(:last_ended_ats as timestamptz []),
    cast(:outcome_names as text [])
) as n (job_name, every_seconds, next_run_at, last_started_at, last_ended_at, outcome_name)
on conflict (job_name) do update set
    every_seconds = excluded.every_seconds,
    next_run_at = excluded.next_run_at,
    last_started_at = coalesce(excluded.last_started_at, j.last_started_at),
    last_ended_at = coalesce(excluded.last_ended_at, j.last_ended_at),
    outcome_name = coalesce(excluded.outcome_name, j.outcome_name),
    host_name = excluded.host_name,
    process_number = excluded.process_number,
    seen_at = excluded.seen_at
