-- Stores what a replay of refused rows left unfinished; the position stays.
-- Grain: one row.
update ops.cursors set carry_text = :carry_text
where source_name = :source_name
