-- Where reading stands after a restore: the newest event, and whether customers are known by their keyed hash.
-- Grain: one row.
select
    (select max(c.newest_event_at) from ops.cursors as c) as newest_event_at,
    exists (select 1 from warehouse.calls as c where c.customer_key is not null)
    or exists (select 1 from warehouse.tickets as t where t.customer_key is not null) as has_customers
