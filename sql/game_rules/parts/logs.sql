-- Handle time on logarithms, less what the same work takes everybody, with how sure it is and how far agents truly differ.
-- Grain: one row per unit and period.
select
    y.unit_id,
    y.part_name,
    y.period_text,
    y.start_date,
    y.end_date,
    y.above_value,
    y.below_value,
    y.square_value,
    y.expected_value,
    y.log_value,
    y.variance_value,
    game.between_variance(y.log_value, y.variance_value) over (partition by y.start_date) as between_value
from (
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
        (t.above_value - coalesce(t.expected_value, 0)) / nullif(t.below_value, 0) as log_value,
        game.log_mean_variance(t.below_value, t.above_value, t.square_value) as variance_value
    from totals as t
) as y
