-- Whom can the reader thank?
-- Grain: one row per agent.
select c.agent_id from access.kudos_colleagues() as c
