-- Takes the slot of a job that begins now, if nobody has it; in the transaction that begins the work.
-- Grain: one row: whether it is ours, the seconds to the next slot, since when nobody had taken one, and whether this process had it
-- before already.
with slots_now as (
    select to_timestamp(floor(extract(epoch from clock_timestamp()) / :every_seconds) * :every_seconds) as slot_at
),

taken as (
    insert into ops.slots as s (job_name, slot_at, taken_at, process_name)
    select
        cast(:job_name as text) as job_name,
        n.slot_at,
        clock_timestamp() as taken_at,
        cast(:process_name as text) as process_name
    from slots_now as n
    on conflict (job_name) do update set
        slot_at = excluded.slot_at,
        taken_at = excluded.taken_at,
        process_name = excluded.process_name
    -- one that lies ahead was taken before this server's clock was set back: it must not hold up the job
    where excluded.slot_at > s.slot_at or s.slot_at > clock_timestamp()
    returning s.slot_at
)

select
    (select count(*) from taken) = 1 as is_taken,
    cast(extract(epoch from n.slot_at - clock_timestamp()) + :every_seconds as double precision) as wait_seconds,
    cast(extract(epoch from clock_timestamp() - b.taken_at) as double precision) as silence_seconds,
    coalesce(b.process_name = :process_name and b.slot_at = n.slot_at, false) as is_own
from slots_now as n
left join ops.slots as b on b.job_name = :job_name
