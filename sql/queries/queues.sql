-- Which queues are there, and what does each promise?
-- Grain: one row per queue.
select
    q.queue_id,
    q.queue_name,
    q.source_name,
    q.group_name,
    q.time_zone_name,
    q.service_level_threshold_seconds,
    q.service_level_target_ratio,
    q.service_level_formula_name,
    q.short_abandon_seconds,
    q.callback_promise_seconds
from warehouse.queues as q
order by q.queue_name, q.queue_id
