-- The value against what everybody's rate would have made of the same work: 1 is just that.
-- Grain: one row per unit and period.
select
    t.unit_id,
    t.period_text,
    t.start_date,
    t.end_date,
    t.above_value,
    t.below_value,
    t.expected_value,
    t.below_value as n_value,
    t.above_value / nullif(t.expected_value, 0) as found_value,
    sum(t.above_value) over (partition by t.start_date) / nullif(sum(t.below_value) over (partition by t.start_date), 0) as mean_value,
    cast(null as double precision) as strength_value,
    cast(null as double precision) as base_value,
    cast(null as double precision) as z_value
from totals as t
