-- Handle time against what everybody takes for the same work, drawn to the mean the more the less it is sure: 1 is just that.
-- Grain: one row per unit and period whose value is sure enough to say something.
select
    v.unit_id,
    v.period_text,
    v.start_date,
    v.end_date,
    v.above_value,
    v.below_value,
    v.expected_value,
    v.below_value as n_value,
    exp(game.shrunk_mean(v.log_value, v.variance_value, v.mean_log_value, v.between_value)) as found_value,
    exp(v.mean_log_value) as mean_value,
    game.shrink_ratio(v.variance_value, v.between_value) as strength_value,
    cast(null as double precision) as base_value,
    cast(null as double precision) as z_value
from (
    select
        o.*,
        game.weighted_mean(o.log_value, 1 / nullif(o.variance_value + o.between_value, 0)) over (partition by o.start_date)
            as mean_log_value
    from logs as o
) as v
where game.shrink_ratio(v.variance_value, v.between_value) <= :most_shrink_ratio
