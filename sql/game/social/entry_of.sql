-- An entry of the ledger as it was written.
-- Grain: one row.
select
    l.entry_id,
    l.entry_key,
    l.agent_id,
    l.account_name,
    l.entry_points,
    l.effective_date
from game.ledger as l
where l.entry_id = cast(:entry_id as bigint)
