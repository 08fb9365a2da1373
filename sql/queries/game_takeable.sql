-- Which badges that an agent holds can be taken home?
-- Grain: one row per rule: its highest tier that stands, and the newest entry of that.
select distinct on (l.rule_name)
    l.entry_id,
    l.rule_name,
    l.version_number,
    l.tier_name,
    v.spec_text,
    l.effective_date
from game.ledger as l
inner join game.rule_versions as v on l.rule_name = v.rule_name and l.version_number = v.version_number
where
    l.agent_id = :agent_id and l.account_name = 'badges' and l.entry_points > 0
    and not exists (select from game.ledger as r where r.reverses_entry_id = l.entry_id)
    and game.badge_stands(l.entry_id)
order by l.rule_name, array_position(array['bronze', 'silver', 'gold'], l.tier_name) desc nulls last, l.entry_id desc
