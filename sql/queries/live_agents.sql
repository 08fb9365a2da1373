-- What does each signed-in agent do at an instant, since when, and how much has he handled today?
-- Grain: one row per agent who is signed in at :as_of, in one state at a time, however many systems tell of him.
select
    a.agent_id,
    a.agent_name,
    t.team_name,
    s.state_name,
    s.reason_name,
    q.queue_name,
    s.started_at as state_started_at,
    floor(extract(epoch from :as_of - s.started_at)) as state_seconds,
    case when (select warehouse.is_individual('handled_contacts')) then h.handled_calls end as handled_calls
from warehouse.agent_states_at(:as_of) as s
inner join warehouse.agents as a on s.agent_id = a.agent_id
left join warehouse.teams as t on a.team_id = t.team_id
left join warehouse.queues as q on s.queue_id = q.queue_id
left join warehouse.sites as i on a.site_name = i.site_name
cross join lateral (
    select
        date_trunc('day', :as_of at time zone coalesce(a.time_zone_name, i.time_zone_name, 'UTC'))
        at time zone coalesce(a.time_zone_name, i.time_zone_name, 'UTC') as day_start_at
) as d
cross join lateral (
    select count(*) as handled_calls
    from warehouse.calls as c
    where
        c.agent_id = a.agent_id and c.outcome_name = 'answered'
        and c.answered_at >= d.day_start_at - interval '1 day'
        and c.ended_at >= d.day_start_at and c.ended_at <= :as_of
) as h
where s.state_name <> 'signed_out' and (select warehouse.is_individual('live_states'))
order by a.agent_name, a.agent_id
