-- Closes the demo's help desk on public holidays, where its timetable has none yet.
-- Grain: one row per holiday.
insert into warehouse.holidays (schedule_name, first_date, last_date, holiday_name)
select
    'Help desk',
    g.holiday_date,
    g.holiday_date,
    g.holiday_name
from unnest(cast(:holiday_dates as date []), cast(:holiday_names as text [])) as g (holiday_date, holiday_name)
where
    exists (select 1 from warehouse.schedules as s where s.schedule_name = 'Help desk')
    and not exists (select 1 from warehouse.holidays as h where h.schedule_name = 'Help desk')
