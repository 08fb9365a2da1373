-- Notes which days are made anew now.
-- Grain: one row per day.
insert into game_asked_days (day_date)
select distinct d.day_date
from unnest(cast(:day_dates as date [])) as d (day_date)
