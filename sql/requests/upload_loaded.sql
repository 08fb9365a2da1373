-- Ends an upload that was loaded: its counts are kept, the file and the preview are dropped.
-- Grain: one row.
update ops.uploads set
    state_name = 'loaded',
    ended_at = :ended_at,
    read_rows = :read_rows,
    loaded_rows = :loaded_rows,
    unchanged_rows = :unchanged_rows,
    rejected_rows = :rejected_rows,
    error_text = null,
    preview_text = null,
    content = null
where upload_id = :upload_id
