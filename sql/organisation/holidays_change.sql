-- Changes a run of closed days that still is what it was when editing began.
-- Grain: one row per run of closed days changed; none where somebody else changed it meanwhile.
update warehouse.holidays as t set
    schedule_name = cast(:schedule_name as text),
    first_date = cast(:first_date as date),
    last_date = cast(:last_date as date),
    holiday_name = cast(:holiday_name as text)
where
    t.schedule_name = :was_schedule_name and t.first_date = :was_first_date
    and (
        t.schedule_name, t.first_date, t.last_date, t.holiday_name
    ) is not distinct from (
        cast(:was_schedule_name as text),
        cast(:was_first_date as date),
        cast(:was_last_date as date),
        cast(:was_holiday_name as text)
    )
