-- Whom of those who allow their name on a wall did colleagues thank in the last seven days?
-- Grain: one row per thank-you, the newest first, at most thirty; one without a name where there is none.
select
    k.kudos_id,
    k.agent_name,
    k.from_agent_name,
    k.category_name,
    k.given_at,
    k.week_count
from access.wall_kudos(:as_of) as k
order by k.given_at desc nulls last, k.kudos_id desc
