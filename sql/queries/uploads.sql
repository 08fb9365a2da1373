-- Which files were uploaded, and what became of them?
-- Grain: one row per upload, the newest 50.
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
    u.error_text
from ops.uploads as u
where u.uploaded_at <= :as_of
order by u.upload_id desc
limit 50
