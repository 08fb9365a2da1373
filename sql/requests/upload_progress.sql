-- Tells how many rows of an upload were read so far.
-- Grain: one row.
update ops.uploads set
    read_rows = :read_rows,
    taken_at = :taken_at
where upload_id = :upload_id
