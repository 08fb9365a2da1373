-- Which thanks may the reader read, of a time, the newest first?
-- Grain: one row per thank-you.
select
    k.kudos_id,
    k.given_at,
    k.category_name,
    k.message_text,
    k.agent_id,
    k.agent_name,
    k.team_name,
    k.from_name,
    k.from_role_name,
    k.is_given_by_me,
    k.is_for_me,
    k.is_mine_to_hide,
    k.state_name,
    k.note_text,
    k.source_name,
    k.contact_id
from access.kudos_feed(cast(:window_start as timestamptz), cast(:window_end as timestamptz)) as k
