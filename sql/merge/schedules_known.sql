-- The timetables of business hours.
-- Grain: one row per stretch of opening hours; one with a null weekday for a timetable that never opens.
select
    s.schedule_name,
    s.time_zone_name,
    s.is_default,
    h.weekday_number,
    h.opens_seconds,
    h.closes_seconds
from warehouse.schedules as s
left join warehouse.business_hours as h on s.schedule_name = h.schedule_name
order by s.schedule_name, h.weekday_number, h.opens_seconds
