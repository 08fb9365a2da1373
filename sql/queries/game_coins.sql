-- What came into an agent's wallet of coins, and what went out?
-- Grain: one row per entry, the newest first; the balance after each.
select
    l.entry_id,
    l.effective_date,
    l.recorded_at,
    l.kind_name,
    l.entry_points as entry_coins,
    sum(l.entry_points) over (order by l.entry_id) as balance_coins,
    l.reason_text,
    l.rule_name,
    v.spec_text
from game.ledger as l
left join game.rule_versions as v on l.rule_name = v.rule_name and l.version_number = v.version_number
where l.agent_id = cast(:agent_id as integer) and l.account_name = 'coins'
order by l.entry_id desc
limit 500
