-- Which limits hold for thanks, coins and the employee of the month, and at which rate do points make coins today?
-- Grain: one row.
select
    s.kudos_week_count,
    s.kudos_colleague_count,
    s.kudos_points,
    s.coin_life_days,
    s.cool_down_months,
    s.month_fewest_hours,
    r.coin_points,
    r.valid_from_date as rate_from_date,
    array_to_string(r.counted_kinds, ' ') as counted_kinds_text,
    game.site_date(cast(:as_of as timestamptz)) as site_date
from game.social_settings as s
cross join lateral (
    select
        o.coin_points,
        o.valid_from_date,
        o.counted_kinds
    from game.coin_rates as o
    where o.valid_from_date <= game.site_date(cast(:as_of as timestamptz))
    order by o.valid_from_date desc limit 1
) as r
