-- Lets one transaction at a time write facts under a source's name: several readers may tell under it.
-- Grain: one row. Nobody is erased meanwhile: what was read of the erasures holds until the end.
select
    count(pg_advisory_xact_lock_shared(hashtext('ops.erasures'), 0)) as erasures_locked_count,
    count(ops.wait_for_turn(hashtext('warehouse.facts'), hashtext(:source_name))) as locked_count
