-- Was that credential given by this site, and does it hold?
-- Grain: one row; is_known false where it was deleted here since, or never was; reason_name null where it was not revoked.
select
    count(c.status_number) > 0 as is_known,
    min(r.reason_name) as reason_name
from (select cast(:status_number as bigint) as status_number) as w
left join game.credentials as c on w.status_number = c.status_number
left join game.credential_revocations as r on w.status_number = r.status_number
