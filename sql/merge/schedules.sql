-- Makes the timetables that a source tells, and gives its own their zone anew; those of people are left alone.
-- Grain: one row: how many timetables are new or have changed.
with made as (
    insert into warehouse.schedules as s (schedule_name, time_zone_name, is_default, source_name)
    select
        g.schedule_name,
        g.time_zone_name,
        g.place_number = 1 and not exists (select 1 from warehouse.schedules as d where d.is_default),
        :source_name
    from unnest(cast(:schedule_names as text []), cast(:time_zone_names as text []))
    with ordinality as g (schedule_name, time_zone_name, place_number)
    on conflict (schedule_name) do update set time_zone_name = excluded.time_zone_name
    where s.source_name = excluded.source_name and s.time_zone_name <> excluded.time_zone_name
    returning s.schedule_name
)

select count(*) as changed_rows from made
