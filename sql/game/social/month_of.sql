-- A month as it stands, kept from others until the transaction ends, and whether the rule proposed an agent for it.
-- Grain: one row; none where nobody has opened it.
select
    m.month_date,
    m.state_name,
    m.agent_id,
    cast(:agent_id as integer) in (
        select p.agent_id from game.month_proposals as p where p.month_date = m.month_date
    ) as is_proposed
from game.months as m
where m.month_date = cast(:month_date as date)
for update of m
