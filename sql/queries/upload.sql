-- How does this upload stand, and what did the loader find in it?
-- Grain: one row at most.
select
    u.upload_id,
    u.uploaded_at,
    u.ended_at,
    u.look_number,
    u.viewer_name,
    u.file_name,
    u.source_name,
    u.state_name,
    u.file_bytes as file_bytes_count,
    u.read_rows,
    u.loaded_rows,
    u.unchanged_rows,
    u.rejected_rows,
    u.mapping_text,
    u.preview_text,
    u.error_text
from ops.uploads as u
where u.upload_id = :upload_id
