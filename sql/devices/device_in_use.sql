-- Which wall display of that name is in use?
-- Grain: one row, none where there is no such display, or where it was revoked.
select
    d.device_id,
    d.account_id,
    d.device_name,
    d.board_text
from access.devices as d
where lower(d.device_name) = lower(:device_name) and d.revoked_at is null
