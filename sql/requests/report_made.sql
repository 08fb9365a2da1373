-- Keeps a report as it was made.
-- Grain: one row, none where it was made or given up meanwhile.
update ops.reports set
    state_name = 'made',
    made_at = :made_at,
    definition_number = :definition_number,
    headline_text = :headline_text,
    content_text = :content_text,
    error_text = null
where report_id = :report_id and state_name in ('asked', 'making')
