-- Puts a thing into the store.
-- Grain: one row: its number.
insert into game.store_items (
    item_name, about_text, price_coins, stock_count, person_limit_count, approver_name, season_name, tax_text
)
values (
    :item_name, :about_text, :price_coins, cast(:stock_count as integer), cast(:person_limit_count as integer), :approver_name,
    :season_name, :tax_text
)
returning item_id
