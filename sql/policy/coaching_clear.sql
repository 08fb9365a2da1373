-- Takes away the coaching notes.
-- Grain: one row per saved state of a note.
delete from warehouse.coaching_notes
