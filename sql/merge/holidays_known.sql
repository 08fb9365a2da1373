-- The holidays of the timetables.
-- Grain: one row per run of local days.
select
    h.schedule_name,
    h.first_date,
    h.last_date,
    h.holiday_name
from warehouse.holidays as h
order by h.schedule_name, h.first_date
