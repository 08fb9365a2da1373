-- Makes two tellers of one phone system agree: of a stay that both tell with other instants, the one who knows more stays.
-- Grain: one row per removed stay; notes the intervals that it, or another agent or answer, leaves behind. A call, a queue and
-- the number of the entry name one stay: two clocks may tell its entry up to ten minutes apart.
with known as materialized (
    select
        c.queue_id,
        c.offered_at,
        c.call_id,
        c.stay_number,
        c.agent_id,
        c.answered_at,
        s.offered_at as told_offered_at,
        s.offered_at <> c.offered_at as is_moved,
        c.version_number > s.version_number as is_better
    from stage_calls as s
    inner join warehouse.calls as c
        on
            s.call_id = c.call_id and s.queue_id = c.queue_id and s.stay_number = c.stay_number
            and c.source_name = :source_name
    where
        c.offered_at between s.offered_at - interval '10 minutes' and s.offered_at + interval '10 minutes'
        and (
            s.offered_at <> c.offered_at or s.agent_id is distinct from c.agent_id
            or s.answered_at is distinct from c.answered_at
        )
),

worse as (
    delete from stage_calls as s
    using known as k
    where
        k.is_better and k.is_moved and s.call_id = k.call_id and s.queue_id = k.queue_id
        and s.stay_number = k.stay_number and s.offered_at = k.told_offered_at
),

noted_queues as (
    insert into dirty_queue_intervals (queue_id, interval_start_at)
    select
        k.queue_id,
        date_bin('15 minutes', k.offered_at, '2000-01-01 00:00+00')
    from known as k
    where k.is_moved and not k.is_better
),

noted_agents as (
    insert into dirty_agent_intervals (agent_id, interval_start_at)
    select
        k.agent_id,
        date_bin('15 minutes', k.answered_at, '2000-01-01 00:00+00')
    from known as k
    where not k.is_better and k.agent_id is not null and k.answered_at is not null
)

delete from warehouse.calls as c
using known as k
where
    k.is_moved and not k.is_better and c.queue_id = k.queue_id and c.offered_at = k.offered_at
    and c.call_id = k.call_id and c.stay_number = k.stay_number and c.source_name = :source_name
