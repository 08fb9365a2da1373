-- Who saw, took along or changed data of the agent who asks?
-- Grain: one row per line of the trail, the newest first, at most 1,000; none for whoever is no agent.
select
    l.noted_at,
    l.login_name,
    l.role_name,
    l.what_name,
    l.of_name,
    l.place_text
from access.looked_at_me(cast(:window_start as timestamptz), cast(:window_end as timestamptz)) as l
