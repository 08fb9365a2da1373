-- Whom did a rule give what, in the working days of [:first_date, :last_date]?
-- Grain: one row per agent with something that stands; the most first.
select
    l.agent_id,
    a.agent_name,
    coalesce(sum(l.entry_points) filter (where l.account_name = 'points'), 0) as given_points,
    coalesce(sum(l.entry_points) filter (where l.account_name = 'coins'), 0) as given_coins,
    coalesce(sum(l.entry_points) filter (where l.account_name = 'badges'), 0) as given_badge_count,
    count(distinct l.effective_date) as given_days,
    max(l.effective_date) as last_given_date
from game.ledger as l
inner join warehouse.agents as a on l.agent_id = a.agent_id
where
    l.rule_name = :rule_name
    and l.effective_date between cast(:first_date as date) and cast(:last_date as date)
group by l.agent_id, a.agent_name
having sum(l.entry_points) <> 0
order by given_points desc, given_badge_count desc, given_coins desc, a.agent_name, l.agent_id
