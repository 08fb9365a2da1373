-- Which stretches of schedules, and of work on days without one, are behind the figures of adherence, conformance and shrinkage?
-- Grain: one row per agent and stretch, as warehouse.schedule_stretches gives them; warehouse.agent_schedules adds up the same.
select
    s.agent_id,
    a.agent_name,
    s.team_id,
    s.kind_name,
    s.started_at,
    s.ended_at,
    s.scheduled_amount,
    s.adherent_amount,
    s.scheduled_on_queue_amount,
    s.worked_on_queue_amount,
    s.planned_shrinkage_amount,
    s.unplanned_shrinkage_amount,
    s.absent_amount,
    s.unscheduled_amount,
    concat_ws('|', s.agent_id, s.kind_name, cast(extract(epoch from s.started_at) as text)) as row_text
from warehouse.schedule_stretches(
    cast(:window_start as timestamptz), cast(:last_at as timestamptz), cast(:as_of as timestamptz), cast(:agent_id as integer),
    cast(:site_name as text), cast(:team_id as integer)
) as s
inner join warehouse.agents as a on s.agent_id = a.agent_id
where (select warehouse.is_individual('adherence'))
order by s.started_at desc, s.agent_id, s.kind_name
