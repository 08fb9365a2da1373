-- Keeps who drafted a contest.
-- Grain: one row.
insert into game.contest_moves (contest_id, moved_at, from_name, to_name, actor_name)
values (cast(:contest_id as integer), cast(:at as timestamptz), null, 'draft', :actor_name)
