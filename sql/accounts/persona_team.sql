-- Which team, and which of its agents, stand for all others in the demo? The largest team, and who took most contacts there.
-- Grain: one row, none where nobody is in a team yet.
with members as (
    select
        m.team_id,
        m.agent_id,
        count(*) over (partition by m.team_id) as team_agents,
        (
            select count(*) from warehouse.calls as c
            where c.agent_id = m.agent_id and c.offered_at > :as_of - interval '7 days' and c.offered_at <= :as_of
        ) as taken_calls
    from warehouse.team_spans as m
    where access.is_current(m.started_date, m.ended_date)
)

select
    t.team_id,
    t.team_name,
    a.agent_id,
    a.agent_name
from members as m
inner join warehouse.teams as t on m.team_id = t.team_id
inner join warehouse.agents as a on m.agent_id = a.agent_id
-- a name whose letters every visitor reads
order by t.team_name ~ '^[ -~]+$' desc, m.team_agents desc, t.team_name, m.taken_calls desc, a.agent_name
limit 1
