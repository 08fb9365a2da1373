-- Which rows of one source were refused in a window and have not been taken since?
-- Grain: one row per refused row that no replay has taken, the newest first, 500 at most.
select
    r.reject_id,
    r.source_name,
    r.run_id,
    r.rejected_at,
    r.place_text,
    r.reason_text,
    r.raw_text
from ops.rejects as r
where
    r.source_name = :source_name and r.rejected_at >= :window_start and r.rejected_at < :window_end
    and r.replayed_at is null
order by r.rejected_at desc, r.reject_id desc
limit 500
