-- Changes a timetable that still is what it was when editing began.
-- Grain: one row per timetable changed; none where somebody else changed it meanwhile.
update warehouse.schedules as t set
    schedule_name = cast(:schedule_name as text),
    time_zone_name = cast(:time_zone_name as text),
    is_default = cast(:is_default as boolean)
where
    t.schedule_name = :was_schedule_name
    and (
        t.schedule_name, t.time_zone_name, t.is_default
    ) is not distinct from (
        cast(:was_schedule_name as text),
        cast(:was_time_zone_name as text),
        cast(:was_is_default as boolean)
    )
