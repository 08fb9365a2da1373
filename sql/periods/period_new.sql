-- Begins a time with a key of its own.
-- Grain: nothing is answered.
insert into ops.customer_periods (started_at, key_hash_text) values (:started_at, :key_hash_text)
