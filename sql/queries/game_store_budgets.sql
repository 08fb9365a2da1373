-- What may each team spend in a month, and what has it spent in this one?
-- Grain: one row per team that the reader may see, with or without a limit.
select
    t.team_id,
    t.team_name,
    b.month_coins,
    coalesce(sum(o.price_coins), 0) as spent_coins
from warehouse.teams as t
left join game.store_budgets as b on t.team_id = b.team_id
left join game.store_orders as o
    on
        t.team_id = o.team_id and o.state_name not in ('rejected', 'cancelled')
        and o.month_date = cast(date_trunc('month', game.site_date(cast(:as_of as timestamptz))) as date)
group by t.team_id, t.team_name, b.month_coins
order by t.team_name
