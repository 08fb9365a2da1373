-- The best of the period where enough of them qualified, with the highest tier that the value reaches; who ties shares it.
-- Grain: one row per unit and period.
select distinct on (r.unit_id, r.start_date)
    r.unit_id,
    r.period_text,
    r.start_date,
    r.end_date as effective_date,
    r.tier_name,
    'best' as occurrence_text,
    1 as entry_points,
    r.tier_points,
    r.coins,
    r.workings || jsonb_build_object('qualified', b.judged_units) as workings
from reached as r
inner join (
    select
        j.start_date,
        count(*) as judged_units,
        max(cast(:value_sign as integer) * j.found_value) as best_value,
        min(cast(:value_sign as integer) * j.found_value) as last_value
    from judged as j
    group by j.start_date
) as b on r.start_date = b.start_date
where
    b.judged_units >= cast(:fewest_agents as integer)
    and b.best_value > b.last_value
    and cast(:value_sign as integer) * r.found_value >= b.best_value - 1e-12
order by r.unit_id, r.start_date, r.place desc
