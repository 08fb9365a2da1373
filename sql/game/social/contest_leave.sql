-- Lets an agent take no part any more.
-- Grain: one row; none where they take no part, or its places are being decided.
update game.contest_participants as p set left_at = cast(:at as timestamptz)
from game.contests as c
where
    p.contest_id = cast(:contest_id as integer) and p.agent_id = cast(:agent_id as integer) and p.left_at is null
    and c.contest_id = p.contest_id and c.state_name in ('announced', 'running')
returning p.contest_id
