-- What was told to the whole floor, by whom, and for how long did it stand?
-- Grain: one row per message of the last 92 days, the newest first.
select
    m.message_id,
    m.message_text,
    m.tone_name,
    m.starts_at,
    m.ends_at,
    case when m.ended_at <= :as_of then m.ended_at end as ended_at,
    m.viewer_name,
    case when m.ended_at <= :as_of then m.ended_by_name end as ended_by_name
from ops.wall_messages as m
where m.starts_at <= :as_of and m.starts_at > cast(:as_of as timestamptz) - interval '92 days'
order by m.starts_at desc, m.message_id desc
