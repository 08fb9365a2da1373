-- How much better than one's own eight weeks before: 0.1 is a tenth better, and how sure that is (Welch).
-- Grain: one row per unit and period with enough of both.
select
    b.unit_id,
    b.period_text,
    b.start_date,
    b.end_date,
    b.above_value,
    b.below_value,
    b.expected_value,
    b.below_value as n_value,
    case
        when cast(:is_log as boolean) then 1 - exp(b.now_mean_value - b.base_mean_value)
        else cast(:way_sign as integer) * (b.now_mean_value - b.base_mean_value) / nullif(b.base_mean_value, 0)
    end as found_value,
    cast(null as double precision) as mean_value,
    cast(null as double precision) as strength_value,
    b.base_mean_value as base_value,
    -cast(:way_sign as integer) * game.welch_z(
        b.base_mean_value, b.base_deviation_value, b.base_below_value,
        b.now_mean_value, b.now_deviation_value, b.below_value
    ) as z_value
from (
    select
        n.*,
        o.below_value as base_below_value,
        n.mean_value as now_mean_value,
        n.deviation_value as now_deviation_value,
        o.mean_value as base_mean_value,
        o.deviation_value as base_deviation_value
    from sides as n
    inner join sides as o on n.unit_id = o.unit_id and n.start_date = o.start_date and o.part_name = 'base'
    where n.part_name = 'now' and o.below_value >= cast(:fewest as double precision)
) as b
