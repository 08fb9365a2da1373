-- The day on which a streak became as long as a tier asks for: each time, or the first time.
-- Grain: one row per agent, tier and streak (or per agent and tier).
select
    g.unit_id,
    g.period_text,
    g.start_date,
    g.effective_date,
    g.tier_name,
    g.occurrence_text,
    1 as entry_points,
    g.tier_points,
    g.coins,
    g.workings
from (
    select
        r.agent_id as unit_id,
        to_char(r.effective_date, 'YYYY-MM-DD') as period_text,
        r.first_date as start_date,
        r.effective_date,
        t.tier_name,
        t.tier_name as occurrence_text,
        t.tier_points,
        t.coins,
        jsonb_build_object(
            'value', r.streak_days,
            'n', r.streak_days,
            'at', t.at_value,
            'freezes_left', r.freezes_left,
            'start_date', r.first_date,
            'end_date', r.effective_date
        ) as workings,
        row_number() over (partition by r.agent_id, t.place order by r.effective_date) as time_number
    from runs as r
    cross join jsonb_to_recordset(cast(:tiers as jsonb)) as t (
        place integer, tier_name text, at_value double precision, gate_name text, tier_points integer, coins integer
    )
    where r.is_met and r.streak_days = cast(t.at_value as integer)
) as g
where not cast(:is_once as boolean) or g.time_number = 1
