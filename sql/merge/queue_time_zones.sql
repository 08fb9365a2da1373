-- Corrects the time zone of queues that had the site's, once the site's is corrected.
-- Grain: one row per corrected queue.
update warehouse.queues as q set time_zone_name = :time_zone_name
from warehouse.sites as s
where
    s.site_name = :site_name and s.time_zone_name <> :time_zone_name
    and q.source_name = :source_name and q.time_zone_name = s.time_zone_name
