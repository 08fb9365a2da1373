-- Which prizes does a contest have?
-- Grain: one row per tier, the highest first.
select
    r.tier_name,
    r.last_position,
    r.prize_points,
    r.prize_text
from game.contest_tiers as r
where r.contest_id = cast(:contest_id as integer)
order by r.last_position
