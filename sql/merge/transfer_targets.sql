-- To whom or where contacts were transferred that look like a number or an address outside.
-- Grain: one row per target.
select distinct c.transferred_to_name
from warehouse.calls as c
where c.transferred_to_name ~ '(\d\D{0,8}){7}|@'
