-- Which rows were refused last, where and why?
-- Grain: one row per refused row that no replay has taken, the newest 200.
select
    r.reject_id,
    r.source_name,
    r.run_id,
    r.rejected_at,
    r.place_text,
    r.reason_text,
    r.raw_text
from ops.rejects as r
where r.replayed_at is null and r.rejected_at <= :as_of
order by r.rejected_at desc, r.reject_id desc
limit 200
