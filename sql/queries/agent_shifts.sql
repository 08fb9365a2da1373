-- Which work, breaks and absences were agents scheduled for in a window?
-- Grain: one row per scheduled stretch that lies in the window, whole, also before and after it.
select
    s.agent_id,
    a.agent_name,
    s.activity_name,
    warehouse.activity_kind(s.activity_name, s.is_planned) as kind_name,
    s.started_at,
    s.ended_at
from warehouse.shifts as s
inner join warehouse.agents as a on s.agent_id = a.agent_id
where
    (select warehouse.is_individual('adherence'))
    and s.started_at < cast(:window_end as timestamptz) and s.ended_at > cast(:window_start as timestamptz)
    and (cast(:agent_id as integer) is null or s.agent_id = cast(:agent_id as integer))
order by a.agent_name, s.agent_id, s.started_at, s.ended_at desc, s.shift_id
