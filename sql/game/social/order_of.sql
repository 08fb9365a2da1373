-- An order as it stands, kept from others until the transaction ends.
-- Grain: one row; none where there is no such order.
select
    o.order_id,
    o.agent_id,
    o.price_coins,
    o.state_name,
    o.purchase_entry_id,
    i.item_id,
    i.item_name,
    i.approver_name,
    game.site_date(cast(:at as timestamptz)) as site_date
from game.store_orders as o
inner join game.store_items as i on o.item_id = i.item_id
where o.order_id = cast(:order_id as bigint)
for update of o
