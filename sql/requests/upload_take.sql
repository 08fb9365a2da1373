-- Takes the oldest upload that waits for the loader; one that a dead loader left behind is taken again.
-- Grain: one row at most.
update ops.uploads set
    taken_at = :taken_at,
    state_name = case when state_name in ('waiting', 'looking') then 'looking' else 'loading' end
where upload_id = (
    select u.upload_id
    from ops.uploads as u
    where
        u.state_name in ('waiting', 'asked')
        or (u.state_name in ('looking', 'loading') and u.taken_at < :left_behind_at)
    order by u.upload_id
    limit 1
    for update skip locked
)
returning upload_id, uploaded_at, state_name, file_name, source_name, wanted_text, mapping_text, content
