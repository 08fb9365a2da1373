-- The value as it was counted.
-- Grain: one row per unit and period.
select
    t.unit_id,
    t.period_text,
    t.start_date,
    t.end_date,
    t.above_value,
    t.below_value,
    t.expected_value,
    case when cast(:has_below as boolean) then t.below_value else t.above_value end as n_value,
    case when cast(:has_below as boolean) then t.above_value / nullif(t.below_value, 0) else t.above_value end as found_value,
    cast(null as double precision) as mean_value,
    cast(null as double precision) as strength_value,
    cast(null as double precision) as base_value,
    cast(null as double precision) as z_value
from totals as t
