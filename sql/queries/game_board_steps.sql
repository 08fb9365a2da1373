-- How did places change, of teams or of the agents whose name the reader may read on that board?
-- Grain: one row per step and line, by points so far.
select
    s.step_date,
    s.line_name,
    s.is_own,
    s.place_number,
    s.lines_count
from access.game_board_steps(:board_name, :first_date, :last_date, :season_name) as s
