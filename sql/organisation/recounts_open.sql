-- Since when a recount of the past is waited for.
-- Grain: one row per recount asked for and not done.
select
    r.recount_id,
    r.asked_at,
    r.reason_text
from ops.recounts as r
where r.done_at is null
order by r.recount_id
