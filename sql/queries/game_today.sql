-- What would be written for an agent as the facts stand, before the working day is over and settled?
-- Grain: one row per award that is not posted yet.
select
    n.agent_id,
    n.entry_key,
    n.rule_name,
    n.version_number,
    n.effective_date,
    n.account_name,
    n.tier_name,
    n.entry_points,
    n.is_held,
    cast(n.workings as text) as workings_text,
    n.made_at,
    v.spec_text
from game.today as n
left join game.rule_versions as v on n.rule_name = v.rule_name and n.version_number = v.version_number
where n.agent_id = :agent_id
order by n.effective_date desc, n.entry_points desc, n.entry_key
