-- Adds a stretch of opening hours; none where it is there already.
-- Grain: one row per stretch of opening hours added.
insert into warehouse.business_hours (
    schedule_name,
    weekday_number,
    opens_seconds,
    closes_seconds
)
values (
    cast(:schedule_name as text),
    cast(:weekday_number as smallint),
    cast(:opens_seconds as integer),
    cast(:closes_seconds as integer)
)
on conflict do nothing
