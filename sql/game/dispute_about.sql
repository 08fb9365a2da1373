-- What is a dispute about: whose, which entry of the ledger or hold, and is the working day of it closed?
-- Grain: one row; none without such a dispute.
select
    d.dispute_id,
    d.agent_id,
    d.entry_id,
    d.hold_id,
    d.state_name,
    l.account_name,
    l.entry_points,
    l.rule_name,
    l.version_number,
    l.effective_date,
    l.period_text,
    c.day_date is not null as is_closed
from game.disputes as d
left join game.ledger as l on d.entry_id = l.entry_id
left join game.day_closes as c on l.effective_date = c.day_date
where d.dispute_id = cast(:dispute_id as bigint)
