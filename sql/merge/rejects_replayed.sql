-- Marks the refused rows that a replay has taken.
-- Grain: one row per refused row.
update ops.rejects set replayed_at = :replayed_at
where reject_id = any(cast(:reject_ids as bigint []))
