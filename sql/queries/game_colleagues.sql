-- Whom can the reader thank?
-- Grain: one row per agent, by name.
select
    c.agent_id,
    c.agent_name,
    c.team_name
from access.kudos_colleagues() as c
