-- Notes that the key of a time was destroyed.
-- Grain: nothing is answered.
update ops.customer_periods set destroyed_at = :at where started_at = :started_at and destroyed_at is null
