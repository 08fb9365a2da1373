-- How closely did each agent keep to his schedule, which scheduled time was lost to contacts, and what was worked without one?
-- Grain: one row per agent and team to which he belonged, as warehouse.agent_schedules counts them; where the policy does not let it
-- exist for single agents, one per team that is large enough (agent_id null).
with each as (
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
)

select e.*
from each as e
where (select warehouse.is_individual('adherence'))
union all
select
    null,
    null,
    e.team_id,
    e.team_name,
    sum(e.scheduled_seconds),
    sum(e.adherent_seconds),
    sum(e.scheduled_on_queue_seconds),
    sum(e.worked_on_queue_seconds),
    sum(e.planned_shrinkage_seconds),
    sum(e.unplanned_shrinkage_seconds),
    sum(e.absent_seconds),
    sum(e.unscheduled_seconds)
from each as e
where not (select warehouse.is_individual('adherence')) and cast(:agent_id as integer) is null
group by e.team_id, e.team_name
having count(distinct e.agent_id) >= (select access.fewest_agents())
order by agent_name, agent_id, team_id
