-- Makes the holidays of a source's own timetables those that it tells now.
-- Grain: one row: how many holidays are new, gone or on other days (another name alone changes no figure).
with told as (
    select distinct on (g.schedule_name, g.first_date)
        g.schedule_name,
        g.first_date,
        g.last_date,
        g.holiday_name
    from unnest(
        cast(:schedule_names as text []), cast(:first_dates as date []), cast(:last_dates as date []),
        cast(:holiday_names as text [])
    ) as g (schedule_name, first_date, last_date, holiday_name)
    inner join warehouse.schedules as s on g.schedule_name = s.schedule_name and s.source_name = :source_name
    order by g.schedule_name, g.first_date, g.last_date desc
),

gone as (
    delete from warehouse.holidays as h
    using warehouse.schedules as s
    where
        h.schedule_name = s.schedule_name and s.source_name = :source_name
        and not exists (
            select 1 from told as t
            where t.schedule_name = h.schedule_name and t.first_date = h.first_date
        )
    returning h.schedule_name
),

made as (
    insert into warehouse.holidays as h (schedule_name, first_date, last_date, holiday_name)
    select
        t.schedule_name,
        t.first_date,
        t.last_date,
        coalesce(t.holiday_name, '')
    from told as t
    on conflict (schedule_name, first_date) do update set
        last_date = excluded.last_date,
        holiday_name = excluded.holiday_name
    where (h.last_date, h.holiday_name) is distinct from (excluded.last_date, excluded.holiday_name)
    returning h.schedule_name, h.first_date, h.last_date
)

select
    (select count(*) from gone) + (
        select count(*)
        from made as m
        where not exists (
            -- as it was before this statement
            select 1 from warehouse.holidays as h
            where h.schedule_name = m.schedule_name and h.first_date = m.first_date and h.last_date = m.last_date
        )
    ) as changed_rows
