-- The team whose budget an agent's order is taken from, kept from its other buyers until the transaction ends.
-- Grain: one row; none for an agent without a team, or whose team has no limit.
select
    b.team_id,
    b.month_coins
from game.store_budgets as b
where b.team_id = (
    select m.team_id from warehouse.team_spans as m
    where
        m.agent_id = cast(:agent_id as integer)
        and m.started_date <= game.site_date(cast(:at as timestamptz))
        and (m.ended_date is null or m.ended_date > game.site_date(cast(:at as timestamptz)))
)
for update of b
