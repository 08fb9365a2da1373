-- What is this site called, and in which zone do its days begin?
-- Grain: one row per site.
select
    s.site_name,
    s.time_zone_name
from warehouse.sites as s
order by s.site_name
