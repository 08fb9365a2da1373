-- Sets how the service level of one queue is counted; a parameter that is null leaves its column as it is.
-- Grain: one row per queue of that name.
update warehouse.queues set
    service_level_threshold_seconds
    = coalesce(cast(:threshold_seconds as integer), service_level_threshold_seconds),
    service_level_target_ratio = coalesce(cast(:target_ratio as double precision), service_level_target_ratio),
    service_level_formula_name = coalesce(cast(:formula_name as text), service_level_formula_name),
    short_abandon_seconds = coalesce(cast(:short_abandon_seconds as integer), short_abandon_seconds)
where queue_name = :queue_name
