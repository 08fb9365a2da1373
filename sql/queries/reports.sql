-- Which reports were asked for, and what became of them?
-- Grain: one row per report, the newest 100.
select
    r.report_id,
    r.schedule_id,
    r.first_date,
    r.last_date,
    r.asked_at,
    r.made_at,
    r.sent_at,
    r.definition_number,
    r.state_name,
    r.kind_name,
    r.report_name,
    r.address_text,
    r.recipients_text,
    r.viewer_name,
    r.headline_text,
    r.error_text,
    r.send_error_text,
    octet_length(r.content_text) as content_bytes_count
from ops.reports as r
where r.asked_at <= :as_of
order by r.report_id desc
limit 100
