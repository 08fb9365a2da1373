-- What has an agent (everybody whom the reader sees, where none is named) disagreed with, and what came of it?
-- Grain: one row per dispute, for those that are open and those said since :since_at; open ones come first, then the newest.
select
    d.agent_id,
    a.agent_name,
    d.dispute_id,
    d.entry_id,
    d.hold_id,
    d.said_at,
    d.reason_text,
    d.state_name,
    d.decided_at,
    d.decided_by_name,
    d.answer_text,
    d.made_entry_id,
    coalesce(l.effective_date, h.effective_date) as effective_date,
    coalesce(l.entry_points, h.held_points) as entry_points,
    coalesce(l.account_name, 'points') as account_name,
    l.reason_text as entry_text,
    m.entry_points as made_points,
    coalesce(l.rule_name, h.rule_name) as rule_name,
    v.spec_text
from game.disputes as d
inner join warehouse.agents as a on d.agent_id = a.agent_id
left join game.ledger as l on d.entry_id = l.entry_id
left join game.holds as h on d.hold_id = h.hold_id
left join game.ledger as m on d.made_entry_id = m.entry_id
left join game.rule_versions as v
    on coalesce(l.rule_name, h.rule_name) = v.rule_name and coalesce(l.version_number, h.version_number) = v.version_number
where
    (cast(:agent_id as integer) is null or d.agent_id = cast(:agent_id as integer))
    and (d.state_name = 'open' or d.said_at >= :since_at)
order by d.state_name = 'open' desc, d.said_at desc, d.dispute_id desc
