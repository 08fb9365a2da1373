-- Who made, amended, closed or took back which goal, and to what?
-- Grain: one row per save, the newest first.
select
    s.goal_id,
    s.version_number,
    s.saved_at,
    s.viewer_name,
    s.action_name,
    s.reason_text,
    s.values_text
from warehouse.goal_saves as s
where s.saved_at <= :as_of
order by s.save_id desc
limit 500
