-- Which refused rows were tried again, and with what outcome?
-- Grain: one row per replay, the newest 20.
select
    r.replay_id,
    r.source_name,
    r.viewer_name,
    r.asked_at,
    r.done_at,
    r.taken_rows,
    r.refused_rows,
    r.error_text
from ops.replays as r
where r.asked_at <= :as_of
order by r.replay_id desc
limit 20
