-- The schedules of the organisation, as they can be edited.
-- Grain: one row per timetable.
select
    t.schedule_name,
    t.time_zone_name,
    t.is_default
from warehouse.schedules as t
order by t.schedule_name
