-- Who was in which state when, within a window?
-- Grain: one row per stretch of the one state that an agent was in, cut at the window's borders; signed-out time has no row.
select
    l.agent_id,
    a.agent_name,
    l.state_name,
    l.reason_name,
    q.queue_name,
    l.started_at,
    l.ended_at,
    l.is_open
from warehouse.agent_lanes(
    cast(:window_start as timestamptz), cast(:window_end as timestamptz), cast(:as_of as timestamptz), cast(:agent_id as integer)
) as l
inner join warehouse.agents as a on l.agent_id = a.agent_id
left join warehouse.queues as q on l.queue_id = q.queue_id
where (select warehouse.is_individual('states'))
order by a.agent_name, l.agent_id, l.started_at
