-- Ends the loading of an upload that failed; the file stays, so that it can be tried again.
-- Grain: one row.
update ops.uploads set
    state_name = 'failed',
    ended_at = :ended_at,
    error_text = :error_text
where upload_id = :upload_id
