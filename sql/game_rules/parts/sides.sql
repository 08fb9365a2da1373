-- The mean and the spread of each side of a comparison with oneself.
-- Grain: one row per unit, period and part.
select
    t.unit_id,
    t.part_name,
    t.period_text,
    t.start_date,
    t.end_date,
    t.above_value,
    t.below_value,
    t.square_value,
    t.expected_value,
    case
        when cast(:is_log as boolean) then (t.above_value - coalesce(t.expected_value, 0)) / nullif(t.below_value, 0)
        else t.above_value / nullif(coalesce(t.expected_value, t.below_value), 0)
    end as mean_value,
    case
        when t.square_value is null
            then sqrt(greatest(0, t.above_value / nullif(t.below_value, 0) * (1 - t.above_value / nullif(t.below_value, 0))))
        else sqrt(greatest(0, (t.square_value - t.above_value * t.above_value / nullif(t.below_value, 0)) / nullif(t.below_value - 1, 0)))
    end
    * case when cast(:is_log as boolean) then 1 else coalesce(t.below_value / nullif(t.expected_value, 0), 1) end as deviation_value
from totals as t
