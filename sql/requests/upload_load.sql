-- Asks the loader to load an upload as it was shown last.
-- Grain: one row.
update ops.uploads set
    state_name = 'asked',
    load_asked_at = :asked_at,
    error_text = null
where upload_id = :upload_id and look_number = :look_number and state_name in ('ready', 'failed') and mapping_text is not null
