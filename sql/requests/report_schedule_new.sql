-- Makes a schedule of reports.
-- Grain: one row.
insert into ops.report_schedules (
    made_at, due_seconds, kind_name, schedule_name, address_text, recipients_text, viewer_name
)
values (:made_at, :due_seconds, :kind_name, :schedule_name, :address_text, :recipients_text, :viewer_name)
returning schedule_id
