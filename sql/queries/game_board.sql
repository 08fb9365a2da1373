-- Who stands where on a board (everyone, team, league) by points for a full day's work, as far as the reader may be told?
-- Grain: one row "all" for the whole board, then one per agent: named, nameless or alias.
select
    b.row_name,
    b.order_number,
    b.agent_id,
    b.shown_name,
    b.alias_number,
    b.is_own,
    b.is_seen,
    b.league_number,
    b.place_number,
    b.low_place_number,
    b.high_place_number,
    b.tier_name,
    b.day_points,
    b.low_points,
    b.high_points,
    b.total_points,
    b.worked_hours_value,
    b.needed_hours_value,
    b.next_points,
    b.ranked_agents,
    b.waiting_agents,
    b.quarter_points,
    b.half_points
from access.game_board(:board_name, :first_date, :last_date, :season_name) as b
order by b.row_name = 'all' desc, b.order_number, b.alias_number
