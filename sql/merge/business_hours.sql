-- Makes the business hours of a source's own timetables those that it tells now.
-- Grain: one row: how many stretches of opening hours are new, gone or have changed.
with told as (
    select distinct
        g.schedule_name,
        g.weekday_number::smallint as weekday_number,
        g.opens_seconds,
        g.closes_seconds
    from unnest(
        cast(:schedule_names as text []), cast(:weekday_numbers as integer []), cast(:opens_seconds as integer []),
        cast(:closes_seconds as integer [])
    ) as g (schedule_name, weekday_number, opens_seconds, closes_seconds)
    inner join warehouse.schedules as s on g.schedule_name = s.schedule_name and s.source_name = :source_name
),

gone as (
    delete from warehouse.business_hours as h
    using warehouse.schedules as s
    where
        h.schedule_name = s.schedule_name and s.source_name = :source_name
        and not exists (
            select 1 from told as t
            where
                t.schedule_name = h.schedule_name and t.weekday_number = h.weekday_number
                and t.opens_seconds = h.opens_seconds
        )
    returning h.schedule_name
),

made as (
    insert into warehouse.business_hours as h (schedule_name, weekday_number, opens_seconds, closes_seconds)
    select
        t.schedule_name,
        t.weekday_number,
        t.opens_seconds,
        max(t.closes_seconds)
    from told as t
    group by t.schedule_name, t.weekday_number, t.opens_seconds
    on conflict (schedule_name, weekday_number, opens_seconds) do update set closes_seconds = excluded.closes_seconds
    where h.closes_seconds <> excluded.closes_seconds
    returning h.schedule_name
)

select (select count(*) from gone) + (select count(*) from made) as changed_rows
