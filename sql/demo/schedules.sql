-- Makes the demo's timetables, unless there is one already.
-- Grain: one row per stretch of opening hours.
with made as (
    insert into warehouse.schedules (schedule_name, time_zone_name, is_default)
    select
        g.schedule_name,
        :time_zone_name,
        g.is_default
    from (values ('Help desk', true), ('Around the clock', false)) as g (schedule_name, is_default)
    where not exists (select 1 from warehouse.schedules)
    returning schedule_name
)

insert into warehouse.business_hours (schedule_name, weekday_number, opens_seconds, closes_seconds)
select
    m.schedule_name,
    d.weekday_number,
    case when m.schedule_name = 'Help desk' then 8 * 3600 else 0 end,
    case when m.schedule_name = 'Help desk' then 20 * 3600 else 24 * 3600 end
from made as m
cross join generate_series(0, 6) as d (weekday_number)
where m.schedule_name <> 'Help desk' or d.weekday_number < 6
