-- The queues of the organisation, as they can be edited.
-- Grain: one row per queue.
select
    t.queue_id,
    t.queue_name,
    t.group_name,
    t.channel_name,
    t.time_zone_name,
    t.schedule_name,
    t.service_level_threshold_seconds,
    t.service_level_target_ratio,
    t.service_level_formula_name,
    t.short_abandon_seconds,
    t.callback_promise_seconds,
    t.is_active
from warehouse.queues as t
order by t.queue_name, t.queue_id
