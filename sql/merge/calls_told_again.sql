-- Makes room for records of calls that are told again: outdated ones leave the stage, stays that moved or ended leave the facts.
-- Grain: one row per removed stay; notes the intervals that it, or another agent or answer, leaves behind.
with told as (
    select
        s.call_id,
        max(s.version_number) as version_number
    from stage_calls as s
    group by s.call_id
),

known as (
    select
        c.queue_id,
        c.offered_at,
        c.call_id,
        c.stay_number,
        c.agent_id,
        c.answered_at,
        c.version_number > t.version_number as is_newer
    from told as t
    inner join warehouse.calls as c on t.call_id = c.call_id and c.source_name = :source_name
),

outdated as (
    delete from stage_calls as s
    using known as k
    where s.call_id = k.call_id and k.is_newer
    returning s.call_id
),

kept as (
    select
        s.queue_id,
        s.offered_at,
        s.call_id,
        s.stay_number,
        s.agent_id,
        s.answered_at
    from stage_calls as s
    where not exists (select 1 from known as k where k.call_id = s.call_id and k.is_newer)
),

left_behind as (
    select k.*
    from known as k
    where
        exists (select 1 from kept as s where s.call_id = k.call_id)
        and not exists (
            select 1 from kept as s
            where
                s.call_id = k.call_id and s.stay_number = k.stay_number and s.queue_id = k.queue_id
                and s.offered_at = k.offered_at
        )
),

noted_queues as (
    insert into dirty_queue_intervals (queue_id, interval_start_at)
    select
        b.queue_id,
        date_bin('15 minutes', b.offered_at, '2000-01-01 00:00+00')
    from left_behind as b
),

noted_agents as (
    insert into dirty_agent_intervals (agent_id, interval_start_at)
    select
        k.agent_id,
        date_bin('15 minutes', k.answered_at, '2000-01-01 00:00+00')
    from known as k
    left join kept as s
        on
            k.call_id = s.call_id and k.stay_number = s.stay_number and k.queue_id = s.queue_id
            and k.offered_at = s.offered_at
    where
        k.agent_id is not null and k.answered_at is not null and not k.is_newer
        and (s.agent_id, s.answered_at) is distinct from (k.agent_id, k.answered_at)
)

delete from warehouse.calls as c
using left_behind as b
where
    c.queue_id = b.queue_id and c.offered_at = b.offered_at and c.call_id = b.call_id
    and c.stay_number = b.stay_number and c.source_name = :source_name
