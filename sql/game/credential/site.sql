-- What is the site called?
-- Grain: one row.
select coalesce(min(s.site_name), 'Floorboard') as site_name
from warehouse.sites as s
