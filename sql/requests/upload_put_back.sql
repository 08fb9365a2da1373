-- Puts an upload back on the desk whose loading was stopped between two batches.
-- Grain: one row.
update ops.uploads set
    state_name = 'asked',
    taken_at = null
where upload_id = :upload_id and state_name = 'loading'
