-- The times with a key of their own, and whether that key was destroyed.
-- Grain: one row per time, the earliest first; none where the key was never changed.
select
    p.started_at,
    p.key_hash_text,
    p.destroyed_at
from ops.customer_periods as p
order by p.started_at
