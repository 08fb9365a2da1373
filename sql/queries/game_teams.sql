-- How do teams stand by points for a full day's work of a member, teams of any size compared?
-- Grain: one row per team; null where too few stand behind it, and withheld_name says so.
select
    t.team_id,
    t.team_name,
    t.is_own,
    t.ranked_agents,
    t.day_points,
    t.place_number,
    t.low_place_number,
    t.high_place_number,
    t.withheld_name,
    t.fewest_agents
from access.game_teams(:first_date, :last_date) as t
order by t.place_number, t.team_name
