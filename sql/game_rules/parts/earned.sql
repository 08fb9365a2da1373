-- The points that each agent ever earned: nothing that was bought lowers them.
-- Grain: one row per agent and working day with points.
select
    l.agent_id,
    l.effective_date,
    sum(sum(l.entry_points)) over (partition by l.agent_id order by l.effective_date) as earned_points
from game.ledger as l
where
    l.account_name = 'points' and l.kind_name not in ('purchase', 'refund', 'expiry', 'write_off')
    and l.effective_date >= cast(:facts_from_date as date)
    and l.effective_date <= cast(:last_date as date)
group by l.agent_id, l.effective_date
