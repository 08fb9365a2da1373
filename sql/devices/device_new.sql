-- Puts a wall display on the list, under its own account.
-- Grain: one row.
insert into access.devices (account_id, device_name, board_text, made_by_name, made_at)
values (:account_id, :device_name, :board_text, :made_by_name, :made_at)
returning device_id
