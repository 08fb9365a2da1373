-- The business hours of the organisation, as they can be edited.
-- Grain: one row per stretch of opening hours.
select
    t.schedule_name,
    t.weekday_number,
    t.opens_seconds,
    t.closes_seconds
from warehouse.business_hours as t
order by t.schedule_name, t.weekday_number, t.opens_seconds
