-- Which keys has this site signed badges with?
-- Grain: one row per key, the one in use first.
select
    k.key_id,
    k.public_jwk::text as public_jwk_text
from game.issuer_keys as k
order by k.retired_at desc nulls first, k.made_at desc, k.key_id
