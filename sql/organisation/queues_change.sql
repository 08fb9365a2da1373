-- Changes a queue that still is what it was when editing began.
-- Grain: one row per queue changed; none where somebody else changed it meanwhile.
update warehouse.queues as t set
    queue_name = cast(:queue_name as text),
    group_name = cast(:group_name as text),
    channel_name = cast(:channel_name as text),
    time_zone_name = cast(:time_zone_name as text),
    schedule_name = cast(:schedule_name as text),
    service_level_threshold_seconds = cast(:service_level_threshold_seconds as integer),
    service_level_target_ratio = cast(:service_level_target_ratio as double precision),
    service_level_formula_name = cast(:service_level_formula_name as text),
    short_abandon_seconds = cast(:short_abandon_seconds as integer),
    callback_promise_seconds = cast(:callback_promise_seconds as integer),
    is_active = cast(:is_active as boolean)
where
    t.queue_id = :was_queue_id
    and (
        t.queue_name, t.group_name, t.channel_name, t.time_zone_name, t.schedule_name, t.service_level_threshold_seconds,
        t.service_level_target_ratio, t.service_level_formula_name,
        t.short_abandon_seconds, t.callback_promise_seconds, t.is_active
    ) is not distinct from (
        cast(:was_queue_name as text),
        cast(:was_group_name as text),
        cast(:was_channel_name as text),
        cast(:was_time_zone_name as text),
        cast(:was_schedule_name as text),
        cast(:was_service_level_threshold_seconds as integer),
        cast(:was_service_level_target_ratio as double precision),
        cast(:was_service_level_formula_name as text),
        cast(:was_short_abandon_seconds as integer),
        cast(:was_callback_promise_seconds as integer),
        cast(:was_is_active as boolean)
    )
