-- Asks once more for a report that was given up.
-- Grain: one row, none where it is not given up.
update ops.reports set state_name = 'asked', error_text = null, tries_number = 0, taken_at = null
where report_id = :report_id and state_name = 'failed'
