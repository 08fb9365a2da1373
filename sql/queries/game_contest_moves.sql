-- Who took a contest from which state to which, and why?
-- Grain: one row per step, the newest first.
select
    m.move_id,
    m.moved_at,
    m.from_name,
    m.to_name,
    m.actor_name,
    m.note_text
from game.contest_moves as m
where m.contest_id = cast(:contest_id as integer)
order by m.move_id desc
