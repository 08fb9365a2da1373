-- Does the reader find this coaching note, that is: do they see the agent whom it is about?
-- Grain: one row.
select exists(select 1 from warehouse.coaching_notes as n where n.note_id = :note_id) as is_found
