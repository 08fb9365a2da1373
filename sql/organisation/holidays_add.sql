-- Adds a run of closed days; none where it is there already.
-- Grain: one row per run of closed days added.
insert into warehouse.holidays (
    schedule_name,
    first_date,
    last_date,
    holiday_name
)
values (
    cast(:schedule_name as text),
    cast(:first_date as date),
    cast(:last_date as date),
    cast(:holiday_name as text)
)
on conflict do nothing
