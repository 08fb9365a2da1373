-- Notes how the sending of a report ended: sent_at, or the sentence that says why it could not be.
-- Grain: one row.
update ops.reports set sent_at = :sent_at, send_error_text = :error_text
where report_id = :report_id
