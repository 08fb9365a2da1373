-- Takes a wall display out of use.
-- Grain: one row, none where it was out of use.
update access.devices set revoked_at = :revoked_at
where device_id = :device_id and revoked_at is null
