-- Lets nobody else spend from an agent's wallet until the transaction ends; what it holds.
-- Grain: one row.
select
    w.balance_coins,
    w.balance_points
from game.lock_wallet(cast(:agent_id as integer)) as w
