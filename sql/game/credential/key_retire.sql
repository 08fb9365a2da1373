-- Retires the key in use: it signs nothing more, and what it signed is still checked with it.
-- Grain: nothing is answered.
update game.issuer_keys
set retired_at = greatest(made_at, cast(:retired_at as timestamptz))
where retired_at is null
