-- The promises that are or were given to new tickets.
-- Grain: one row per promise and the time in which it is given.
select
    p.policy_name,
    p.target_name,
    p.priority_name,
    p.target_seconds,
    p.is_business,
    p.valid_from_at,
    p.valid_until_at
from warehouse.ticket_policies as p
order by p.valid_from_at, p.policy_id
