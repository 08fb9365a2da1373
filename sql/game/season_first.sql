-- Makes a season of the running quarter where there is none at all: whoever wants others makes them on the page.
-- Grain: one row per season that was made.
insert into game.seasons (season_name, start_date, end_date)
select
    to_char(cast(:day_date as date), '"Q"Q YYYY'),
    cast(date_trunc('quarter', cast(:day_date as timestamp)) as date),
    cast(date_trunc('quarter', cast(:day_date as timestamp)) + interval '3 months' as date)
where not exists (select 1 from game.seasons as s where s.end_date > cast(:day_date as date))
on conflict do nothing
