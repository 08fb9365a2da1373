-- The day on which the count of a lifetime passed what a tier asks for; what was counted before the rule held counts on its first day.
-- Grain: one row per unit and tier, and per time where it is given again and again.
select
    c.unit_id,
    'lifetime' as period_text,
    c.start_date,
    greatest(c.crossed_date, cast(:effective_from_date as date)) as effective_date,
    c.tier_name,
    case when cast(:is_unlimited as boolean) then cast(c.n as text) else c.tier_name end as occurrence_text,
    1 as entry_points,
    c.tier_points,
    c.coins,
    jsonb_build_object(
        'value', c.counted_value,
        'n', c.counted_value,
        'above', c.counted_value,
        'at', c.at_value * c.n,
        'start_date', c.start_date,
        'end_date', c.crossed_date
    ) as workings
from (
    select
        u.unit_id,
        u.start_date,
        t.tier_name,
        t.at_value,
        t.tier_points,
        t.coins,
        n,
        u.effective_date as crossed_date,
        u.counted_value
    from (
        select
            f.unit_id,
            f.effective_date,
            f.above_value,
            sum(f.above_value) over (partition by f.unit_id order by f.effective_date) as counted_value,
            min(f.effective_date) over (partition by f.unit_id) as start_date
        from facts as f
    ) as u
    inner join jsonb_to_recordset(cast(:tiers as jsonb)) as t (
        place integer, tier_name text, at_value double precision, gate_name text, tier_points integer, coins integer
    ) on u.counted_value >= t.at_value
    and (cast(:is_unlimited as boolean) or u.counted_value - u.above_value < t.at_value)
    cross join lateral generate_series(
        case when cast(:is_unlimited as boolean) then cast(floor((u.counted_value - u.above_value) / t.at_value) as integer) + 1 else 1 end,
        case when cast(:is_unlimited as boolean) then cast(least(1000, floor(u.counted_value / t.at_value)) as integer) else 1 end
    ) as g (n)
) as c
