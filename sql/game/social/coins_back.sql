-- Takes back the coins of days whose points make another number of coins by now, and what was written off for such a day.
-- Grain: one row per entry that was taken back.
with wrong as (
    select d.standing_entry_id as entry_id
    from game.coins_due(cast(:first_date as date), cast(:last_date as date)) as d
    where d.standing_entry_id is not null
    union all
    -- the day earns again: what was forgiven when it fell is due again
    select l.entry_id
    from game.coins_due(cast(:first_date as date), cast(:last_date as date)) as d
    inner join game.ledger as l on l.entry_key = format('write-off|%s|%s', d.agent_id, d.effective_date) and l.kind_name = 'write_off'
    where
        d.due_coins > coalesce(d.standing_coins, 0)
        and not exists (select 1 from game.ledger as b where b.reverses_entry_id = l.entry_id)
)

insert into game.ledger (
    entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, effective_date, period_text, run_id,
    reverses_entry_id, is_quiet, reason_text, actor_name
)
select
    l.entry_key,
    l.sequence_number + 1,
    l.agent_id,
    l.account_name,
    -l.entry_points,
    'reversal',
    l.effective_date,
    l.period_text,
    cast(:run_id as bigint),
    l.entry_id,
    true,
    'The points of the day make another number of coins.',
    :actor_name
from wrong as w
inner join game.ledger as l on w.entry_id = l.entry_id
returning entry_id
