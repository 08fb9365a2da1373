-- Writes off what is missing where points were taken back after their coins had been spent: nobody owes coins.
-- Grain: one row per entry that was added.
insert into game.ledger (
    entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, effective_date, period_text, run_id,
    corrects_entry_id, is_quiet, reason_text, actor_name
)
select
    format('write-off|%s|%s', l.agent_id, l.effective_date),
    (
        select coalesce(max(o.sequence_number), 0) + 1 from game.ledger as o
        where o.entry_key = format('write-off|%s|%s', l.agent_id, l.effective_date)
    ),
    l.agent_id,
    'coins',
    cast(-w.balance_coins as integer),
    'write_off',
    l.effective_date,
    l.period_text,
    cast(:run_id as bigint),
    l.entry_id,
    true,
    'Points were taken back after their coins had been spent; nobody owes coins.',
    :actor_name
from game.wallets as w
cross join lateral (
    select
        r.entry_id,
        r.agent_id,
        r.effective_date,
        r.period_text
    from game.ledger as r
    where
        r.agent_id = w.agent_id and r.account_name = 'coins' and r.run_id = cast(:run_id as bigint) and r.entry_key like 'coins|%'
        and r.kind_name = 'reversal'
    order by r.effective_date desc
    limit 1
) as l
where w.balance_coins < 0
returning entry_id
