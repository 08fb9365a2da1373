-- Where each agent stands on the ladder.
-- Grain: one row per agent who ever earned points.
select
    e.agent_id,
    e.earned_points,
    d.level_number,
    d.level_name,
    d.from_points,
    n.level_name as next_level_name,
    n.from_points as next_from_points
from (
    select
        o.agent_id,
        max(o.earned_points) as earned_points
    from earned as o
    group by o.agent_id
) as e
inner join lateral (
    select l.* from ladder as l where l.from_points <= greatest(0, e.earned_points) order by l.level_number desc limit 1
) as d on true
left join ladder as n on d.level_number + 1 = n.level_number
