-- Replaces texts in every text column that may name a person.
-- Grain: one row: how many rows were changed.
select ops.erase_texts(cast(:told_texts as text []), :instead_text) as changed_rows
