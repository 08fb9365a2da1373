-- Makes an address that opens a wall display once.
-- Grain: one row.
insert into access.device_links (token_sha256, device_id, ends_at)
values (:token_sha256, :device_id, :ends_at)
