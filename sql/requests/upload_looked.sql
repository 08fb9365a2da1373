-- Keeps what the loader has found in an upload, unless somebody has discarded it meanwhile.
-- Grain: one row.
update ops.uploads set
    state_name = :state_name,
    looked_at = :looked_at,
    look_number = look_number + 1,
    mapping_text = :mapping_text,
    preview_text = coalesce(:preview_text, preview_text),
    error_text = :error_text
where upload_id = :upload_id and state_name = 'looking'
