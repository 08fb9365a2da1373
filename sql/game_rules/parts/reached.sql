-- Which of bronze, silver and gold each value reaches; with a gate: surely reaches.
-- Grain: one row per unit, period and tier reached.
select
    r.unit_id,
    r.period_text,
    r.start_date,
    r.end_date,
    r.found_value,
    r.place,
    r.tier_name,
    r.at_value,
    r.tier_points,
    r.coins,
    r.workings || jsonb_strip_nulls(jsonb_build_object('at', r.at_value, 'bound', r.bound_value)) as workings
from (
    select
        j.*,
        t.*,
        case
            when t.gate_name <> 'wilson_lower' then null
            when cast(:value_sign as integer) > 0 then game.wilson_lower(j.above_value, j.n_value)
            else 1 - game.wilson_lower(j.n_value - j.above_value, j.n_value)
        end as bound_value
    from judged as j
    cross join jsonb_to_recordset(cast(:tiers as jsonb)) as t (
        place integer, tier_name text, at_value double precision, gate_name text, tier_points integer, coins integer
    )
) as r
where cast(:value_sign as integer) * (coalesce(r.bound_value, r.found_value) - r.at_value) >= -1e-9
