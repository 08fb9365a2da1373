-- Takes an upload from the loader's desk and drops the file; what is loading or loaded stays.
-- Grain: one row.
update ops.uploads set
    state_name = 'discarded',
    ended_at = :ended_at,
    content = null,
    preview_text = null,
    mapping_text = null
where upload_id = :upload_id and state_name in ('waiting', 'ready', 'unfit', 'failed')
