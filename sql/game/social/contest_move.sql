-- Takes a contest from one state to the next, and keeps who did it.
-- Grain: one row: the number of the step; none where the contest is not in that state any more.
with moved as (
    update game.contests as c set state_name = :to_name
    where c.contest_id = cast(:contest_id as integer) and c.state_name = :from_name
    returning c.contest_id
)

insert into game.contest_moves (contest_id, moved_at, from_name, to_name, actor_name, note_text)
select
    m.contest_id,
    cast(:at as timestamptz),
    :from_name,
    :to_name,
    :actor_name,
    :note_text
from moved as m
returning move_id
