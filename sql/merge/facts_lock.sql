-- Lets one transaction at a time write facts under a source's name: several readers may tell under it.
-- Grain: one row.
select count(pg_advisory_xact_lock(hashtext('warehouse.facts'), hashtext(:source_name))) as locked_count
