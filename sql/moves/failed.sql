-- Notes why the facts of a moved key cannot be moved, so that the next move is not held up.
-- Grain: one row per move.
update ops.key_moves set error_text = :error_text
where move_id = :move_id and done_at is null
