-- Lets one save of the organisation after the other happen.
-- Grain: one row.
select count(pg_advisory_xact_lock(hashtext('ops.organisation_changes'))) as locked_count
