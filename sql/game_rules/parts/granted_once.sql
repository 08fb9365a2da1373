-- Each tier once: in the first period in which it was reached.
-- Grain: one row per unit and tier.
select distinct on (r.unit_id, r.place)
    r.unit_id,
    r.period_text,
    r.start_date,
    r.end_date as effective_date,
    r.tier_name,
    r.tier_name as occurrence_text,
    1 as entry_points,
    r.tier_points,
    r.coins,
    r.workings
from reached as r
order by r.unit_id, r.place, r.end_date
