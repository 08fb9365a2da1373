-- Adds to what was deleted from a table in this night.
-- Grain: one row per night and table.
insert into ops.retention_deletions as d (deleted_at, table_name, kind_name, older_than_at, deleted_rows)
values (:deleted_at, :table_name, :kind_name, :older_than_at, :deleted_rows)
on conflict (deleted_at, table_name) do update set deleted_rows = d.deleted_rows + excluded.deleted_rows
