-- Adds a timetable; none where it is there already.
-- Grain: one row per timetable added.
insert into warehouse.schedules (
    schedule_name,
    time_zone_name,
    is_default
)
values (
    cast(:schedule_name as text),
    cast(:time_zone_name as text),
    cast(:is_default as boolean)
)
on conflict do nothing
