-- Which badges did an agent take home, and which of those hold?
-- Grain: one row per credential, the newest first.
select
    c.credential_key,
    c.entry_id,
    l.rule_name,
    l.version_number,
    l.tier_name,
    v.spec_text,
    l.effective_date,
    c.issued_at,
    r.revoked_at,
    r.reason_name
from game.credentials as c
inner join game.ledger as l on c.entry_id = l.entry_id
inner join game.rule_versions as v on l.rule_name = v.rule_name and l.version_number = v.version_number
left join game.credential_revocations as r on c.status_number = r.status_number
where c.agent_id = :agent_id
order by c.issued_at desc, c.status_number desc
