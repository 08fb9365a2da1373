-- On which kinds of board did this person allow their name, since when, and when was it taken back?
-- Grain: one row per time that it was allowed, the newest first.
select
    c.board_name,
    c.given_at,
    c.withdrawn_at,
    c.is_withdrawn_by_person
from access.consents as c
where c.agent_id = :agent_id
order by c.given_at desc, c.consent_id desc
