-- Adds a promise; none where it is there already.
-- Grain: one row per promise added.
insert into warehouse.ticket_policies (
    policy_id,
    policy_name,
    target_name,
    priority_name,
    target_seconds,
    is_business,
    valid_from_at,
    valid_until_at
)
values (
    coalesce(cast(:policy_id as integer), nextval(pg_get_serial_sequence('warehouse.ticket_policies', 'policy_id'))::integer),
    cast(:policy_name as text),
    cast(:target_name as text),
    cast(:priority_name as text),
    cast(:target_seconds as integer),
    cast(:is_business as boolean),
    cast(:valid_from_at as timestamptz),
    cast(:valid_until_at as timestamptz)
)
returning policy_id
