-- Lets nobody else save a playlist of the walls until the transaction is over.
-- Grain: one row.
select count(pg_advisory_xact_lock(hashtext('ops.wall_playlists'))) as locked_count
