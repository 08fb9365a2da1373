-- Removes a promise that still is what it was when editing began.
-- Grain: one row per promise removed; none where somebody else changed it meanwhile.
delete from warehouse.ticket_policies as t
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
