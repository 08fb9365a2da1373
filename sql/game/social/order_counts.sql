-- What has been ordered so far, of a thing, by an agent, by a team in this month?
-- Grain: one row.
select
    count(*) filter (where o.item_id = cast(:item_id as integer)) as item_count,
    count(*) filter (where o.item_id = cast(:item_id as integer) and o.agent_id = cast(:agent_id as integer)) as own_count,
    coalesce(
        sum(o.price_coins) filter (
            where o.team_id = cast(:team_id as integer)
            and o.month_date = cast(date_trunc('month', game.site_date(cast(:at as timestamptz))) as date)
        ),
        0
    ) as team_coins,
    (
        select m.team_id from warehouse.team_spans as m
        where
            m.agent_id = cast(:agent_id as integer)
            and m.started_date <= game.site_date(cast(:at as timestamptz))
            and (m.ended_date is null or m.ended_date > game.site_date(cast(:at as timestamptz)))
    ) as own_team_id,
    game.site_date(cast(:at as timestamptz)) as site_date
from game.store_orders as o
where o.state_name not in ('rejected', 'cancelled')
