-- Deletes uploads of which nobody has need any more.
-- Grain: one row per upload that is older.
delete from ops.uploads
where uploaded_at < :older_than and state_name not in ('looking', 'loading')
