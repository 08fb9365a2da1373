-- Notes the public half of a new key, which is in use from now on; the one before has to be retired first.
-- Grain: nothing is answered; nothing is noted where there is a key in use already.
insert into game.issuer_keys (key_id, algorithm_name, public_jwk, made_at)
values (:key_id, :algorithm_name, cast(:public_jwk_text as jsonb), :made_at)
on conflict ((true)) where retired_at is null do nothing
