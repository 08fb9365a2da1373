-- Discards uploaded files that hold somebody who is erased; what was loaded from others stays.
-- Grain: one row per upload.
update ops.uploads set
    state_name = 'discarded',
    ended_at = :ended_at,
    content = null,
    preview_text = null,
    mapping_text = null,
    error_text = 'It held somebody who was erased since, and was discarded; upload it again without.'
where upload_id = any(:upload_ids)
