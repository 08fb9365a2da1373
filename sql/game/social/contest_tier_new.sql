-- Gives a contest that is still a draft a tier of prizes.
-- Grain: one row.
insert into game.contest_tiers (contest_id, tier_name, last_position, prize_points, prize_text)
values (cast(:contest_id as integer), :tier_name, :last_position, :prize_points, :prize_text)
returning contest_id
