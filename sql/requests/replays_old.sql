-- Deletes replays of which nobody has need any more.
-- Grain: one row per replay that is older.
delete from ops.replays
where done_at < :older_than
