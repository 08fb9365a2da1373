-- Which credentials of that badge hold?
-- Grain: one row per credential that was not revoked, the newest first.
select
    c.credential_key,
    c.status_number,
    c.token_text
from game.credentials as c
left join game.credential_revocations as r on c.status_number = r.status_number
where c.entry_id = cast(:entry_id as bigint) and c.agent_id = cast(:agent_id as integer) and r.status_number is null
order by c.issued_at desc, c.status_number desc
