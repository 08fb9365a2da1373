-- By which settings does each queue count: threshold, short abandons, target, formula and timetable?
-- Grain: one row per queue. schedule_name: its own timetable, or (is_default_schedule) the default one; null where there is none.
select
    q.queue_id,
    q.queue_name,
    q.group_name,
    q.service_level_threshold_seconds,
    q.short_abandon_seconds,
    q.service_level_target_ratio,
    q.service_level_formula_name,
    coalesce(q.schedule_name, d.schedule_name) as schedule_name,
    q.schedule_name is null as is_default_schedule
from warehouse.queues as q
left join warehouse.schedules as d on d.is_default
order by q.queue_name, q.queue_id
