-- Lets one transaction at a time roll up the days of tickets: each must see what the others brought to the same day.
-- Grain: one row.
select count(pg_advisory_xact_lock(hashtext('warehouse.ticket_days'))) as locked_count
