-- Puts a report on the loader's desk; of a schedule each period once, however often it is asked for.
-- Grain: one row, none where the schedule has asked for these days before.
insert into ops.reports (
    schedule_id, first_date, last_date, asked_at, kind_name, report_name, address_text, recipients_text, viewer_name
)
values (
    :schedule_id, :first_date, :last_date, :asked_at, :kind_name, :report_name, :address_text, :recipients_text, :viewer_name
)
on conflict (schedule_id, first_date) where schedule_id is not null do nothing
returning report_id
