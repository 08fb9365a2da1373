-- How far each agent (or team) has come in the period that runs, and what the next tier asks for.
-- Grain: one row per unit with something counted.
select
    v.unit_id,
    v.start_date,
    v.end_date,
    v.above_value,
    v.below_value,
    v.n_value,
    v.found_value,
    v.expected_value,
    v.z_value,
    h.hours_value,
    cast(:fewest as double precision) as fewest_value,
    cast(:fewest_hours as double precision) as fewest_hours_value,
    v.n_value >= cast(:fewest as double precision)
    and (cast(:fewest_hours as double precision) = 0 or coalesce(h.hours_value, 0) >= cast(:fewest_hours as double precision))
    and g.is_missed is not true as is_judged,
    g.gates,
    (
        select r.tier_name from reached as r where r.unit_id = v.unit_id and r.start_date = v.start_date order by r.place desc limit 1
    ) as reached_tier_name,
    (
        select t.tier_name
        from jsonb_to_recordset(cast(:tiers as jsonb)) as t (place integer, tier_name text)
        where not exists (
            select 1 from reached as r where r.unit_id = v.unit_id and r.start_date = v.start_date and r.place >= t.place
        )
        order by t.place limit 1
    ) as next_tier_name,
    (
        select t.at_value
        from jsonb_to_recordset(cast(:tiers as jsonb)) as t (place integer, at_value double precision)
        where not exists (
            select 1 from reached as r where r.unit_id = v.unit_id and r.start_date = v.start_date and r.place >= t.place
        )
        order by t.place limit 1
    ) as next_value
from valued as v
left join hours as h on v.unit_id = h.agent_id and v.start_date = h.start_date and not cast(:is_for_team as boolean)
left join gates as g on v.unit_id = g.unit_id and v.start_date = g.start_date
