-- Keeps an order whose coins were spent in the same transaction.
-- Grain: one row: its number.
insert into game.store_orders (
    item_id, agent_id, team_id, price_coins, month_date, requested_at, changed_at, purchase_entry_id
)
values (
    cast(:item_id as integer), cast(:agent_id as integer), cast(:team_id as integer), :price_coins,
    cast(date_trunc('month', cast(:site_date as date)) as date), cast(:at as timestamptz), cast(:at as timestamptz),
    cast(:entry_id as bigint)
)
returning order_id
