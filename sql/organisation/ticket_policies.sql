-- The ticket policies of the organisation, as they can be edited.
-- Grain: one row per promise.
select
    t.policy_id,
    t.policy_name,
    t.target_name,
    t.priority_name,
    t.target_seconds,
    t.is_business,
    t.valid_from_at,
    t.valid_until_at
from warehouse.ticket_policies as t
order by t.valid_until_at nulls first, t.policy_name, t.target_name, t.priority_name, t.policy_id
