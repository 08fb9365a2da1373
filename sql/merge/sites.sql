-- Notes the site's name and time zone, once they differ from what is noted.
-- Grain: one row per site.
insert into warehouse.sites as s (site_name, time_zone_name)
values (:site_name, :time_zone_name)
on conflict (site_name) do update set time_zone_name = excluded.time_zone_name
where s.time_zone_name <> excluded.time_zone_name
