-- The number of the save that begins now.
-- Grain: one row.
select nextval('ops.organisation_saves') as save_number
