-- Who has it from an earlier version of the rule: what is given once is not given again because its words changed.
-- Grain: one row per agent and tier.
select
    l.agent_id,
    l.tier_name
from game.ledger as l
where
    l.rule_name = cast(:rule_name as text)
    and l.version_number < cast(:version_number as integer)
    and l.account_name = cast(:account_name as text)
group by l.agent_id, l.tier_name
having sum(l.entry_points) > 0
