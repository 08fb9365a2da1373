-- Which agents are behind a count of agents at an instant: signed in, or in one state, of all queues or of one?
-- Grain: one row per agent who is signed in at :as_of, in one state at a time; of a queue those who serve it then.
select
    a.agent_id,
    a.agent_name,
    t.team_name,
    s.state_name,
    s.reason_name,
    q.queue_name,
    s.started_at,
    floor(extract(epoch from :as_of - s.started_at)) as state_seconds,
    cast(a.agent_id as text) as row_text
from warehouse.agent_states_at(:as_of) as s
inner join warehouse.agents as a on s.agent_id = a.agent_id
left join warehouse.teams as t on a.team_id = t.team_id
left join warehouse.queues as q on s.queue_id = q.queue_id
where
    s.state_name <> 'signed_out' and (select warehouse.is_individual('live_states'))
    and (
        cast(:queue_id as integer) is null
        or exists (
            select 1 from warehouse.queue_members as m
            where
                m.agent_id = s.agent_id and m.queue_id = :queue_id and m.started_at <= :as_of
                and (m.ended_at is null or m.ended_at > :as_of)
        )
    )
order by s.started_at desc, a.agent_id desc
