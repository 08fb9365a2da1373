-- Notes every interval in which the window's rollups have a row, so that one of which no fact is left is taken away.
-- Grain: one row per queue or agent and 15 minutes.
with noted as (
    insert into dirty_queue_intervals (queue_id, interval_start_at)
    select
        q.queue_id,
        q.interval_start_at
    from warehouse.queue_intervals as q
    where q.interval_start_at >= :window_start and q.interval_start_at < :window_end
)

insert into dirty_agent_intervals (agent_id, interval_start_at)
select
    a.agent_id,
    a.interval_start_at
from warehouse.agent_intervals as a
where a.interval_start_at >= :window_start and a.interval_start_at < :window_end
