-- What did those who allow their name on a wall reach in the last seven days?
-- Grain: one row per badge, level, record or streak, the newest first, at most thirty.
select
    m.moment_id,
    m.agent_id,
    m.agent_name,
    m.kind_name,
    m.name_text,
    m.tier_name,
    m.rule_name,
    m.spec_text,
    m.happened_at
from access.wall_moments(:as_of) as m
order by m.happened_at desc, m.moment_id desc
