-- Lets one save of reviews, notes and follow-ups after the other happen.
-- Grain: one row.
select count(pg_advisory_xact_lock(hashtext('warehouse.reviews'))) as locked_count
