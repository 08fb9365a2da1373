-- How closely did each agent keep to his schedule, which scheduled time was lost to contacts, and what was worked without one?
-- Grain: one row per agent and team to which he belonged, as warehouse.agent_schedules counts them.
select
    s.agent_id,
    a.agent_name,
    s.team_id,
    g.team_name,
    s.scheduled_seconds,
    s.adherent_seconds,
    s.scheduled_on_queue_seconds,
    s.worked_on_queue_seconds,
    s.planned_shrinkage_seconds,
    s.unplanned_shrinkage_seconds,
    s.absent_seconds,
    s.unscheduled_seconds
from warehouse.agent_schedules(
    cast(:window_start as timestamptz), cast(:last_at as timestamptz), cast(:as_of as timestamptz), cast(:agent_id as integer),
    cast(:site_name as text), cast(:team_id as integer)
) as s
inner join warehouse.agents as a on s.agent_id = a.agent_id
left join warehouse.teams as g on s.team_id = g.team_id
order by a.agent_name, s.agent_id, s.team_id
