-- The uploaded files that are still kept, because they have not been loaded yet.
-- Grain: one row per upload.
select
    u.upload_id,
    u.file_name,
    u.content
from ops.uploads as u
where u.content is not null
order by u.upload_id
