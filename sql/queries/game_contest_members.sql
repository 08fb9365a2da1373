-- Who takes part in a contest, of the agents whom the reader sees?
-- Grain: one row per agent; whoever wanted no part any more or was disqualified still was in it.
select
    p.contest_id,
    p.agent_id
from game.contest_participants as p
where p.contest_id = :contest_id
order by p.agent_id
