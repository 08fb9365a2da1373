-- Lets coins expire that are older than coins live.
-- Grain: one row per entry that was added.
insert into game.ledger (
    entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, effective_date, period_text, run_id, reason_text,
    actor_name
)
select
    format('expiry|%s|%s', e.agent_id, cast(:last_date as date)),
    1,
    e.agent_id,
    'coins',
    cast(-e.expiring_coins as integer),
    'expiry',
    cast(:last_date as date),
    cast(cast(:last_date as date) as text),
    cast(:run_id as bigint),
    'These coins were not spent in time.',
    :actor_name
from game.coins_expiring(cast(:last_date as date)) as e
on conflict (entry_key, sequence_number) do nothing
returning entry_id
