-- Which reports are made by themselves, when, and to whom do they go?
-- Grain: one row per schedule, those that have ended last.
select
    s.schedule_id,
    s.made_at,
    s.ended_at,
    s.due_seconds,
    s.kind_name,
    s.schedule_name,
    s.address_text,
    s.recipients_text,
    s.viewer_name,
    (select max(r.last_date) from ops.reports as r where r.schedule_id = s.schedule_id) as newest_last_date
from ops.report_schedules as s
order by s.ended_at is not null, s.schedule_name, s.schedule_id
