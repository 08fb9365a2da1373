-- Makes the demo's teams and puts its agents into them, for those who are in none.
-- Grain: one row per agent who was put into a team.
with given as (
    select
        g.agent_name,
        g.team_name
    from unnest(cast(:agent_names as text []), cast(:team_names as text [])) as g (agent_name, team_name)
),

made as (
    insert into warehouse.teams (team_name)
    select distinct g.team_name
    from given as g
    on conflict (team_name) do nothing
    returning team_id, team_name
),

teams as (
    select
        m.team_id,
        m.team_name
    from made as m
    union all
    select
        t.team_id,
        t.team_name
    from warehouse.teams as t
),

placed as (
    update warehouse.agents as a set team_id = t.team_id
    from given as g
    inner join teams as t on g.team_name = t.team_name
    inner join warehouse.agent_keys as k on g.agent_name = k.source_key and k.source_name = :source_name
    where a.agent_id = k.agent_id and a.team_id is null
    returning a.agent_id, a.team_id
)

insert into warehouse.team_members (team_id, agent_id, started_date)
select
    p.team_id,
    p.agent_id,
    cast(:started_date as date)
from placed as p
on conflict (agent_id, started_date) do nothing
