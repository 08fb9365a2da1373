-- Notes that a credential holds no longer; nothing where that is noted already.
-- Grain: nothing is answered.
insert into game.credential_revocations (status_number, revoked_at, reason_name)
values (:status_number, :revoked_at, :reason_name)
on conflict (status_number) do nothing
