-- What do boards show of names, and what is a full day's work?
-- Grain: one row.
select
    s.names_name,
    s.day_hours as day_hours_value,
    s.fewest_ratio,
    s.top_places as top_count,
    s.near_places as near_count,
    s.league_moves as moves_count
from game.board_settings as s
