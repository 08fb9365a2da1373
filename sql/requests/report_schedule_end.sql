-- Ends a schedule of reports, or takes that back (ended_at null); what it has made stays.
-- Grain: one row, none where there is no such schedule.
update ops.report_schedules set ended_at = :ended_at
where schedule_id = :schedule_id
