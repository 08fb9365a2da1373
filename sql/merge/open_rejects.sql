-- The refused rows of a source that no replay has taken yet, oldest first.
-- Grain: one row per refused row.
select
    r.reject_id,
    r.place_text,
    r.reason_text,
    r.raw_text
from ops.rejects as r
where r.source_name = :source_name and r.replayed_at is null
order by r.reject_id
