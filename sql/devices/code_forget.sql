-- Forgets the code of a screen that has been let in.
-- Grain: one row, none where somebody else was quicker.
delete from access.device_codes where browser_sha256 = :browser_sha256 and device_id = :device_id
