-- Notes that a move of a key has been carried out, with its facts.
-- Grain: one row per move.
update ops.key_moves set done_at = :done_at, moved_rows = :moved_rows
where move_id = :move_id
