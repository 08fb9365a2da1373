-- Renames the one site of the warehouse, once the settings call it otherwise.
-- Grain: one row per renamed site.
update warehouse.sites set site_name = :site_name
where site_name <> :site_name and (select count(*) from warehouse.sites) = 1
