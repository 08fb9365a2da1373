-- Tells every dashboard, once this transaction commits, that something of what it shows has changed.
-- Grain: one row. Postgres keeps equal notices of one transaction to one.
select pg_notify('floorboard_loaded', '') as told
