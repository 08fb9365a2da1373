-- Which rewards were ordered by whom the reader sees, and how far is each order?
-- Grain: one row per order, those that wait first.
select
    o.order_id,
    o.item_id,
    i.item_name,
    i.approver_name,
    i.tax_text,
    o.agent_id,
    a.agent_name,
    o.price_coins,
    o.state_name,
    o.requested_at,
    o.changed_at,
    o.note_text
from game.store_orders as o
inner join game.store_items as i on o.item_id = i.item_id
inner join warehouse.agents as a on o.agent_id = a.agent_id
order by array_position(array['requested', 'approved'], o.state_name) nulls last, o.requested_at desc
limit 200
