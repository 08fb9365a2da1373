-- Closes the seasons that somebody asked to close and whose last day is closed, with the hash of their ledger.
-- Grain: one row per season that was closed now.
update game.seasons as s set
    state_name = 'closed',
    closed_at = cast(:closed_at as timestamptz),
    closed_by_name = coalesce(s.closed_by_name, :actor_name),
    ledger_sha256 = c.ledger_sha256
from game.day_closes as c
where s.state_name = 'settling' and c.day_date = s.end_date - 1
