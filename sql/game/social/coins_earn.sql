-- Gives the coins that the points of working days make.
-- Grain: one row per entry that was added.
insert into game.ledger (
    entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, effective_date, period_text, run_id, is_quiet,
    reason_text, actor_name, workings
)
select
    format('coins|%s|%s', d.agent_id, d.effective_date),
    (
        select coalesce(max(l.sequence_number), 0) + 1 from game.ledger as l
        where l.entry_key = format('coins|%s|%s', d.agent_id, d.effective_date)
    ),
    d.agent_id,
    'coins',
    d.due_coins,
    'earning',
    d.effective_date,
    cast(d.effective_date as text),
    cast(:run_id as bigint),
    true,
    'Coins for the points of the day',
    :actor_name,
    jsonb_build_object('day_points', d.day_points)
from game.coins_due(cast(:first_date as date), cast(:last_date as date)) as d
where d.due_coins > 0 and d.standing_entry_id is null
order by d.effective_date, d.agent_id
returning entry_id
