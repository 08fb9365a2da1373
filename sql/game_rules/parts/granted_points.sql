-- The points of each value: a share of the rule's weight, rounded half up once, at most so many for each day.
-- Grain: one row per unit and period with points.
select
    p.unit_id,
    p.period_text,
    p.start_date,
    p.end_date as effective_date,
    cast(null as text) as tier_name,
    '1' as occurrence_text,
    p.entry_points,
    0 as tier_points,
    cast(floor(p.entry_points * cast(:coins_ratio as numeric)) as integer) as coins,
    p.workings
    || jsonb_strip_nulls(
        jsonb_build_object(
            'curve_percent', p.curve_percent, 'weight_points', cast(:weight_points as integer), 'most_points', p.most_points
        )
    ) as workings
from (
    select
        c.*,
        cast(game.capped(c.round_points, c.most_points) over (partition by c.unit_id, c.start_date) as integer) as entry_points
    from (
        select
            j.*,
            game.zone_points(j.found_value, cast(:zones as jsonb)) as curve_percent,
            cast(
                round(cast(game.zone_points(j.found_value, cast(:zones as jsonb)) * cast(:weight_points as integer) / 100 as numeric))
                as bigint
            ) as round_points,
            cast(:most_points_per_day as bigint) * case when cast(:grain as text) = 'day' then 1 else coalesce(j.present_days, 0) end
                as most_points
        from judged as j
    ) as c
) as p
where p.entry_points > 0
