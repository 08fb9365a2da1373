-- Notes that a report could not be made: it is tried again later, or given up after some tries.
-- Grain: one row, none where it was made meanwhile.
update ops.reports set
    state_name = case when tries_number >= :most_tries then 'failed' else 'asked' end,
    error_text = case when tries_number >= :most_tries then cast(:error_text as text) end
where report_id = :report_id and state_name = 'making'
