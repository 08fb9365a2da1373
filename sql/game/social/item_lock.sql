-- Keeps a thing of the store from other buyers until the transaction ends.
-- Grain: one row; none where there is no such thing.
select
    i.item_id,
    i.item_name,
    i.price_coins,
    i.stock_count,
    i.person_limit_count,
    i.approver_name,
    i.is_on and coalesce(
        (
            select game.site_date(cast(:at as timestamptz)) >= s.start_date and game.site_date(cast(:at as timestamptz)) < s.end_date
            from game.seasons as s where s.season_name = i.season_name
        ),
        true
    ) as is_on
from game.store_items as i
where i.item_id = cast(:item_id as integer)
for update of i
