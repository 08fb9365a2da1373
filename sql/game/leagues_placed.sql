-- Everybody is in a league of the season that the day lies in: made when it begins, newcomers added to the last one.
-- Grain: one row: how many were placed.
select coalesce(sum(game.place_leagues(s.season_name)), 0) as placed_agents
from game.seasons as s
where cast(:day_date as date) >= s.start_date and cast(:day_date as date) < s.end_date
