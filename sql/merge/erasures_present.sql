-- Which of these customers have told something new since they were erased.
-- Grain: one row per customer.
select g.customer_key
from unnest(cast(:customer_keys as text [])) as g (customer_key)
where
    exists (select 1 from warehouse.calls as c where c.customer_key = g.customer_key)
    or exists (select 1 from warehouse.tickets as t where t.customer_key = g.customer_key)
