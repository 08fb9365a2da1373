-- What can be won in which contest?
-- Grain: one row per contest and tier, the highest first.
select
    r.contest_id,
    r.tier_name,
    r.last_position,
    r.prize_points,
    r.prize_text
from game.contest_tiers as r
order by r.contest_id, r.last_position
