-- What was granted in the window.
-- Grain: one row per grant.
select
    g.unit_id,
    g.period_text,
    g.start_date,
    g.effective_date,
    g.tier_name,
    g.occurrence_text,
    g.entry_points,
    g.tier_points,
    g.coins,
    g.workings
from granted as g
where
    g.effective_date between greatest(cast(:first_date as date), cast(:effective_from_date as date))
    and least(cast(:last_date as date), cast(:valid_until_date as date) - 1)
