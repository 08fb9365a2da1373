-- One badge a period: the highest tier that was reached.
-- Grain: one row per unit and period.
select distinct on (r.unit_id, r.start_date)
    r.unit_id,
    r.period_text,
    r.start_date,
    r.end_date as effective_date,
    r.tier_name,
    coalesce(r.tier_name, '1') as occurrence_text,
    1 as entry_points,
    r.tier_points,
    r.coins,
    r.workings
from reached as r
order by r.unit_id, r.start_date, r.place desc
