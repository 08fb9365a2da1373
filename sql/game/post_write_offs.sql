-- Writes off what a reversal took of coins that were spent already: nobody owes.
-- Grain: one row per agent whose coins would stand below zero.
insert into game.ledger (
    entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, effective_date, period_text, run_id,
    corrects_entry_id, is_quiet, reason_text, actor_name
)
select
    concat('write-off|', cast(:run_id as bigint), '|', b.agent_id),
    1,
    b.agent_id,
    'coins',
    -b.balance_coins,
    'write_off',
    cast(:last_date as date),
    'day',
    cast(:run_id as bigint),
    b.entry_id,
    true,
    'Spent before it was taken back: written off',
    :actor_name
from (
    select
        l.agent_id,
        sum(l.entry_points) as balance_coins,
        max(l.entry_id) filter (where l.run_id = cast(:run_id as bigint)) as entry_id
    from game.ledger as l
    where
        l.account_name = 'coins'
        and l.agent_id in (
            select m.agent_id from game_moves as m
            where m.account_name = 'coins' and m.entry_points < 0
        )
    group by l.agent_id
) as b
where b.balance_coins < 0
