-- How far have the places in the lists been given?
-- Grain: one row.
select s.last_value as last_number
from game.credential_numbers as s
