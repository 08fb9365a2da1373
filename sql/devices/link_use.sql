-- Uses the address that opens a wall display once.
-- Grain: one row, none where it was used, is over, or its display was revoked.
update access.device_links as l
set used_at = :used_at
from access.devices as d
where
    l.device_id = d.device_id and l.token_sha256 = :token_sha256
    and l.used_at is null and l.ends_at > :used_at and d.revoked_at is null
returning d.account_id, d.board_text
