-- Notes that the past has been counted anew.
-- Grain: one row per recount.
update ops.recounts set done_at = :done_at
where recount_id = any(cast(:recount_ids as bigint [])) and done_at is null
