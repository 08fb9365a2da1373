-- For which reasons are rows refused, and how often?
-- Grain: one row per source and reason, over the rows that no replay has taken.
select
    r.reason_text,
    r.source_name,
    count(*) as reject_rows,
    max(r.rejected_at) as newest_rejected_at
from ops.rejects as r
where r.replayed_at is null and r.rejected_at <= :as_of
group by r.reason_text, r.source_name
order by reject_rows desc, r.reason_text, r.source_name
limit 100
