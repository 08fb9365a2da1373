-- The number of a new coaching note.
-- Grain: one row.
select nextval('warehouse.coaching_numbers') as note_id
