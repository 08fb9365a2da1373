-- Changes a thing of the store; what was ordered stays at the price it had.
-- Grain: one row per thing.
update game.store_items set
    item_name = :item_name,
    about_text = :about_text,
    price_coins = :price_coins,
    stock_count = cast(:stock_count as integer),
    person_limit_count = cast(:person_limit_count as integer),
    approver_name = :approver_name,
    season_name = :season_name,
    tax_text = :tax_text,
    is_on = :is_on
where item_id = cast(:item_id as integer)
returning item_id
