-- Which points, badges and coins were written for an agent, for which working day, how were they made, and does each still stand?
-- Grain: one row per entry of the ledger that takes no other back, for working days of [:first_date, :last_date]; the newest first.
select
    l.agent_id,
    l.entry_id,
    l.entry_key,
    l.sequence_number,
    l.account_name,
    l.entry_points,
    l.kind_name,
    l.rule_name,
    l.version_number,
    l.tier_name,
    l.effective_date,
    l.period_text,
    l.recorded_at,
    l.reason_text,
    l.actor_name,
    l.corrects_entry_id,
    cast(l.workings as text) as workings_text,
    v.spec_text,
    r.entry_id is not null as is_taken_back,
    r.recorded_at as taken_back_at,
    r.reason_text as taken_back_text,
    o.dispute_id as open_dispute_id,
    c.day_date is not null as is_closed
from game.ledger as l
left join game.rule_versions as v on l.rule_name = v.rule_name and l.version_number = v.version_number
left join game.ledger as r on l.entry_id = r.reverses_entry_id
left join game.disputes as o on l.entry_id = o.entry_id and o.state_name = 'open'
left join game.day_closes as c on l.effective_date = c.day_date
where
    l.agent_id = :agent_id and l.kind_name <> 'reversal'
    and l.effective_date between cast(:first_date as date) and cast(:last_date as date)
    and (cast(:entry_id as bigint) is null or l.entry_id = cast(:entry_id as bigint))
order by l.effective_date desc, l.recorded_at desc, l.entry_id desc
