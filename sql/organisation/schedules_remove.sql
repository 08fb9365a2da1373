-- Removes a timetable that still is what it was when editing began.
-- Grain: one row per timetable removed; none where somebody else changed it meanwhile.
delete from warehouse.schedules as t
where
    t.schedule_name = :was_schedule_name
    and (
        t.schedule_name, t.time_zone_name, t.is_default
    ) is not distinct from (
        cast(:was_schedule_name as text),
        cast(:was_time_zone_name as text),
        cast(:was_is_default as boolean)
    )
