-- Through which mapping was the newest upload of this name loaded?
-- Grain: one row at most.
select u.mapping_text
from ops.uploads as u
where u.source_name = :source_name and u.mapping_text is not null and u.state_name in ('loaded', 'loading')
order by u.upload_id desc
limit 1
