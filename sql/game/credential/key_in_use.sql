-- Which key do badges leave the house with?
-- Grain: one row, or none before the first key.
select k.key_id
from game.issuer_keys as k
where k.retired_at is null
