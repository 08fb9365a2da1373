-- Again for each time that the amount fits into the period.
-- Grain: one row per unit, period and time.
select
    r.unit_id,
    r.period_text,
    r.start_date,
    r.end_date as effective_date,
    r.tier_name,
    cast(n as text) as occurrence_text,
    1 as entry_points,
    r.tier_points,
    r.coins,
    r.workings
from reached as r
cross join lateral generate_series(1, cast(least(1000, floor(r.found_value / r.at_value + 1e-9)) as integer)) as g (n)
