-- What do the people of the site tell the whole floor, on every wall?
-- Grain: one row per message that stands at that instant; at most one.
select
    m.message_id,
    m.message_text,
    m.tone_name,
    m.starts_at,
    m.ends_at
from ops.wall_messages as m
where m.starts_at <= :as_of and m.ends_at > :as_of and (m.ended_at is null or m.ended_at > :as_of)
order by m.starts_at desc, m.message_id desc
