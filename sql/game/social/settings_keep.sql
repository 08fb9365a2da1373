-- Keeps the limits of thanks, coins and the employee of the month.
-- Grain: one row.
update game.social_settings set
    kudos_week_count = :kudos_week_count,
    kudos_colleague_count = :kudos_colleague_count,
    kudos_points = :kudos_points,
    coin_life_days = cast(:coin_life_days as integer),
    cool_down_months = :cool_down_months,
    month_fewest_hours = :month_fewest_hours
where setting_id = 1
