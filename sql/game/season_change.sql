-- Changes an open season that has no closed day beyond its new end.
-- Grain: one row per season that was changed.
update game.seasons as s set
    end_date = cast(:end_date as date),
    freezes = cast(:freezes as integer)
where
    s.season_name = :season_name and s.state_name = 'open'
    and not exists (select 1 from game.day_closes as d where d.day_date >= cast(:end_date as date))
returning s.season_name
