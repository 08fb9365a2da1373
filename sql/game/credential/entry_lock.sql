-- Lets one after the other take the same badge home.
-- Grain: one row.
select pg_advisory_xact_lock(hashtextextended('credential ' || cast(:entry_id as text), 0))::text as locked_text
