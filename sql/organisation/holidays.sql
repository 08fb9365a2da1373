-- The holidays of the organisation, as they can be edited.
-- Grain: one row per run of closed days.
select
    t.schedule_name,
    t.first_date,
    t.last_date,
    t.holiday_name
from warehouse.holidays as t
order by t.first_date, t.schedule_name
