-- Who is in which team: by dates, and always where an agent has a team without any dates.
-- Grain: one row per stay of an agent in a team.
select
    m.agent_id,
    m.team_id,
    m.started_date,
    m.ended_date
from warehouse.team_members as m
union all
select
    a.agent_id,
    a.team_id,
    cast('1990-01-01' as date) as started_date,
    cast(null as date) as ended_date
from warehouse.agents as a
where a.team_id is not null and not exists (select 1 from warehouse.team_members as m where m.agent_id = a.agent_id)
