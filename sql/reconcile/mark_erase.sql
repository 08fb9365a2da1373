-- Puts a place from which a day is read once more back, without somebody who is erased.
-- Grain: one row.
update ops.reconciliation_marks set
    position_text = :position_text,
    carry_text = :carry_text
where source_name = :source_name and day_date = :day_date
