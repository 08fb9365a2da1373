-- What good news has an agent to be told of, or was told of lately?
-- Grain: one row per moment that was not seen yet, or happened since :since_at; the newest first.
select
    m.agent_id,
    m.moment_id,
    m.kind_name,
    m.name_text,
    m.tier_name,
    m.entry_id,
    m.happened_at,
    m.seen_at,
    l.rule_name,
    l.effective_date,
    l.entry_points,
    v.spec_text
from game.moments as m
left join game.ledger as l on m.entry_id = l.entry_id
left join game.rule_versions as v on l.rule_name = v.rule_name and l.version_number = v.version_number
where m.agent_id = :agent_id and (m.seen_at is null or m.happened_at >= :since_at)
order by m.happened_at desc, m.moment_id desc
