-- Whether a source has refused rows that were not loaded since.
-- Grain: one row.
select count(*) > 0 as has_open
from (
    select r.reject_id
    from ops.rejects as r
    where r.source_name = :source_name and r.replayed_at is null
    limit 1
) as found
