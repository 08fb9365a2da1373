-- Under which code does this screen wait, and has somebody said yes to it?
-- Grain: one row, none where it does not wait, no longer, or for a display that was revoked meanwhile.
select
    c.code_text,
    c.ends_at,
    d.device_id,
    d.account_id,
    d.board_text
from access.device_codes as c
left join access.devices as d on c.device_id = d.device_id and d.revoked_at is null
where c.browser_sha256 = :browser_sha256 and c.ends_at > :as_of
    and (c.device_id is null or d.device_id is not null)
