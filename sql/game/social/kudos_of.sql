-- A thank-you as it stands, kept from others until the transaction ends.
-- Grain: one row; none where there is no such thank-you.
select
    k.kudos_id,
    k.agent_id,
    k.from_agent_id,
    k.from_account_id,
    k.state_name,
    k.given_at,
    k.entry_id
from game.kudos as k
where k.kudos_id = cast(:kudos_id as bigint)
for update
