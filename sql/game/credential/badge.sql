-- What is the badge of that entry, and does that agent hold it?
-- Grain: one row, or none where the agent has no such badge.
select
    l.entry_id,
    l.rule_name,
    l.version_number,
    l.tier_name,
    l.effective_date,
    v.spec_text,
    v.spec_sha256 as spec_key,
    game.badge_stands(l.entry_id) as is_held
from game.ledger as l
inner join game.rule_versions as v on l.rule_name = v.rule_name and l.version_number = v.version_number
where
    l.entry_id = cast(:entry_id as bigint) and l.agent_id = cast(:agent_id as integer)
    and l.account_name = 'badges' and l.entry_points > 0
