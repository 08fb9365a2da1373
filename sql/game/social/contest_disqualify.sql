-- Takes an agent out of a contest's places, with the note that they read; note_text null takes them in again.
-- Grain: one row; none where they take no part, or the contest is finalised.
update game.contest_participants as p set
    disqualified_at = case when cast(:note_text as text) is null then null else cast(:at as timestamptz) end,
    note_text = cast(:note_text as text)
from game.contests as c
where
    p.contest_id = cast(:contest_id as integer) and p.agent_id = cast(:agent_id as integer) and p.left_at is null
    and c.contest_id = p.contest_id and c.state_name in ('running', 'pending')
returning p.contest_id
