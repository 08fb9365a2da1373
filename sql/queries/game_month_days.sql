-- What did the rules give each agent on each working day of a month, and how long did they work?
-- Grain: one row per active agent whom the reader sees, and working day with work or points.
select
    d.agent_id,
    d.day_date,
    d.points as earned_points,
    cast(round(d.hours * 3600) as bigint) as exposure_seconds
from game.board_days(cast(:month_date as date), cast(cast(:month_date as date) + interval '1 month' as date) - 1) as d
inner join warehouse.agents as a on d.agent_id = a.agent_id
where a.is_active
order by d.agent_id, d.day_date
