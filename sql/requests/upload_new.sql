-- Puts a file on the loader's desk, to be looked at.
-- Grain: one row.
insert into ops.uploads (uploaded_at, viewer_name, file_name, source_name, file_bytes, content)
values (:uploaded_at, :viewer_name, :file_name, :source_name, :file_bytes, :content)
returning upload_id
