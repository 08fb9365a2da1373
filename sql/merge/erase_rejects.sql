-- Puts the keyed hash of an agent's key into the refused rows that hold the key, so that a replay still knows the agent.
-- Grain: one row per changed refused row.
update ops.rejects set raw_text = regexp_replace(raw_text, :told_pattern, :erased_key, 'g')
where source_name = any(:source_names) and raw_text ~ :told_pattern
