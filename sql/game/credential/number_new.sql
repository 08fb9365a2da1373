-- The next place in the list of what holds no longer; none is ever given twice.
-- Grain: one row.
select nextval('game.credential_numbers') as status_number
