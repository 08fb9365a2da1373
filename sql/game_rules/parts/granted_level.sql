-- The day on which each level was reached, with its coins.
-- Grain: one row per agent and level above nothing.
select
    c.agent_id as unit_id,
    'lifetime' as period_text,
    cast(:facts_from_date as date) as start_date,
    greatest(c.reached_date, cast(:effective_from_date as date)) as effective_date,
    cast(null as text) as tier_name,
    'level-' || c.level_number as occurrence_text,
    cast(:level_coins as integer) as entry_points,
    0 as tier_points,
    0 as coins,
    jsonb_build_object(
        'value', c.earned_points, 'n', c.earned_points, 'at', c.from_points, 'level', c.level_number, 'level_name', c.level_name,
        'end_date', c.reached_date
    ) as workings
from (
    select
        e.agent_id,
        d.level_number,
        d.level_name,
        d.from_points,
        min(e.effective_date) as reached_date,
        min(e.earned_points) as earned_points
    from earned as e
    inner join ladder as d on e.earned_points >= d.from_points
    where d.from_points > 0
    group by e.agent_id, d.level_number, d.level_name, d.from_points
) as c
