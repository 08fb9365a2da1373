-- Notes that nothing holds any longer that a key signed.
-- Grain: nothing is answered.
insert into game.credential_revocations (status_number, revoked_at, reason_name)
select
    c.status_number,
    cast(:revoked_at as timestamptz),
    'key'
from game.credentials as c
where c.key_id = :key_id
on conflict (status_number) do nothing
