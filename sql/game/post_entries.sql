-- Writes what must be written into the ledger, reversals before what takes their place.
-- Grain: one row: how many entries were added, how many reversed another, and how many took coins.
with written as (
    insert into game.ledger (
        entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, rule_name, version_number, tier_name,
        effective_date, period_text, run_id, reverses_entry_id, corrects_entry_id, is_quiet, reason_text, actor_name, workings
    )
    select
        m.entry_key,
        m.sequence_number,
        m.agent_id,
        m.account_name,
        m.entry_points,
        m.kind_name,
        m.rule_name,
        m.version_number,
        m.tier_name,
        m.effective_date,
        m.period_text,
        cast(:run_id as bigint),
        m.reverses_entry_id,
        m.corrects_entry_id,
        m.is_quiet,
        m.reason_text,
        :actor_name,
        m.workings
    from game_moves as m
    order by m.effective_date, m.entry_key, m.sequence_number
    returning kind_name, account_name, entry_points
)

select
    count(*) filter (where w.kind_name <> 'reversal') as added_rows,
    count(*) filter (where w.kind_name = 'reversal') as reversed_rows,
    count(*) filter (where w.account_name = 'coins' and w.entry_points < 0) as taken_rows
from written as w
