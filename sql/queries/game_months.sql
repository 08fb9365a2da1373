-- Who was employee of which month, as far as the reader may read the name?
-- Grain: one row per month that was decided, the newest first.
select
    m.month_date,
    m.state_name,
    m.agent_id,
    m.agent_name,
    m.team_name,
    m.is_me,
    m.is_seen,
    m.reason_text,
    m.decided_at
from access.month_archive() as m
