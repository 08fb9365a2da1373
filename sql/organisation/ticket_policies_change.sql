-- Changes a promise that still is what it was when editing began.
-- Grain: one row per promise changed; none where somebody else changed it meanwhile.
update warehouse.ticket_policies as t set
    policy_name = cast(:policy_name as text),
    target_name = cast(:target_name as text),
    priority_name = cast(:priority_name as text),
    target_seconds = cast(:target_seconds as integer),
    is_business = cast(:is_business as boolean),
    valid_from_at = cast(:valid_from_at as timestamptz),
    valid_until_at = cast(:valid_until_at as timestamptz)
where
    t.policy_id = :was_policy_id
    and (
        t.policy_name, t.target_name, t.priority_name, t.target_seconds, t.is_business, t.valid_from_at, t.valid_until_at
    ) is not distinct from (
        cast(:was_policy_name as text),
        cast(:was_target_name as text),
        cast(:was_priority_name as text),
        cast(:was_target_seconds as integer),
        cast(:was_is_business as boolean),
        cast(:was_valid_from_at as timestamptz),
        cast(:was_valid_until_at as timestamptz)
    )
