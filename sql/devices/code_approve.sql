-- Says yes to the screen that waits under this code.
-- Grain: one row, none where the code is unknown, over, or was said yes to.
update access.device_codes set device_id = :device_id
where code_text = :code_text and ends_at > :as_of and device_id is null
