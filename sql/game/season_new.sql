-- Makes a season: the working days from start_date until the day before end_date.
-- Grain: one row: its name.
insert into game.seasons (season_name, start_date, end_date, freezes)
values (:season_name, cast(:start_date as date), cast(:end_date as date), cast(:freezes as integer))
returning season_name
