-- Removes a run of closed days that still is what it was when editing began.
-- Grain: one row per run of closed days removed; none where somebody else changed it meanwhile.
delete from warehouse.holidays as t
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
