-- Takes away what would stand twice: of two stays of one call that begin at once in both queues, the one of the older version.
-- Grain: one row per stay taken away; notes the intervals of its agent.
with gone as (
    delete from warehouse.calls as c
    using warehouse.calls as o
    where
        c.source_name = :source_name and o.source_name = c.source_name and o.offered_at = c.offered_at
        and o.call_id = c.call_id and o.stay_number = c.stay_number
        and (
            (c.queue_id = :from_id and o.queue_id = :to_id and c.version_number <= o.version_number)
            or (c.queue_id = :to_id and o.queue_id = :from_id and c.version_number < o.version_number)
        )
    returning c.queue_id, c.offered_at, c.agent_id, c.answered_at
),

queues_noted as (
    insert into dirty_queue_intervals (queue_id, interval_start_at)
    select distinct
        g.queue_id,
        date_bin('15 minutes', g.offered_at, '2000-01-01 00:00+00')
    from gone as g
)

insert into dirty_agent_intervals (agent_id, interval_start_at)
select distinct
    g.agent_id,
    date_bin('15 minutes', g.answered_at, '2000-01-01 00:00+00')
from gone as g
where g.agent_id is not null and g.answered_at is not null
