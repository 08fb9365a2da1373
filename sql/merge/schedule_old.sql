-- Forgets processes, jobs and days that nobody has use for any more.
-- Grain: one row per closed day that is forgotten.
with processes as (
    delete from ops.heartbeats
    where process_name not in ('etl', :process_name) and beat_at < cast(:now as timestamptz) - interval '1 day'
),

jobs as (
    delete from ops.jobs
    where seen_at < clock_timestamp() - interval '30 days'
),

slots as (
    delete from ops.slots
    where taken_at < clock_timestamp() - interval '400 days'
)

delete from ops.closed_days
where taken_at < clock_timestamp() - interval '400 days' and day_date < current_date - 400
