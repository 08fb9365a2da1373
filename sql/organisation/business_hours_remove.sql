-- Removes a stretch of opening hours that still is what it was when editing began.
-- Grain: one row per stretch of opening hours removed; none where somebody else changed it meanwhile.
delete from warehouse.business_hours as t
where
    t.schedule_name = :was_schedule_name and t.weekday_number = :was_weekday_number and t.opens_seconds = :was_opens_seconds
    and (
        t.schedule_name, t.weekday_number, t.opens_seconds, t.closes_seconds
    ) is not distinct from (
        cast(:was_schedule_name as text),
        cast(:was_weekday_number as smallint),
        cast(:was_opens_seconds as integer),
        cast(:was_closes_seconds as integer)
    )
