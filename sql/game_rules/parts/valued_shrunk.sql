-- A share drawn to what everybody (with the same mix of work, where that is asked) has: the more, the fewer answers there are.
-- Grain: one row per unit and period.
select
    c.unit_id,
    c.period_text,
    c.start_date,
    c.end_date,
    c.above_value,
    c.below_value,
    c.expected_value,
    c.below_value as n_value,
    least(
        1,
        c.mean_value * game.shrunk_share(c.above_value, c.below_value, c.own_mean_value, p.strength_value) / nullif(c.own_mean_value, 0)
    ) as found_value,
    c.mean_value,
    p.strength_value,
    cast(null as double precision) as base_value,
    cast(null as double precision) as z_value
from (
    select
        t.*,
        coalesce(t.expected_value / nullif(t.below_value, 0), w.mean_value) as own_mean_value,
        w.mean_value
    from totals as t
    inner join (
        select
            e.start_date,
            sum(e.above_value) / nullif(sum(e.below_value), 0) as mean_value
        from totals as e
        group by e.start_date
    ) as w on t.start_date = w.start_date
) as c
inner join (
    select
        t.start_date,
        case
            when count(t.expected_value) > 0 then game.prior_strength(t.above_value, t.below_value, t.expected_value)
            else game.prior_strength(t.above_value, t.below_value)
        end as strength_value
    from totals as t
    group by t.start_date
) as p on c.start_date = p.start_date
