-- Puts a source's place and what it carries back, without somebody who is erased.
-- Grain: one row.
update ops.cursors set
    position_text = :position_text,
    carry_text = :carry_text
where source_name = :source_name
