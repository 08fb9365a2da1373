-- What can coins be spent on, how much of it is left, and how many has the reader had?
-- Grain: one row per thing of the store, those on the shelf first.
select
    i.item_id,
    i.item_name,
    i.about_text,
    i.price_coins,
    i.stock_count,
    i.person_limit_count,
    i.approver_name,
    i.season_name,
    i.tax_text,
    i.is_on,
    i.is_on and coalesce(
        game.site_date(cast(:as_of as timestamptz)) >= e.start_date and game.site_date(cast(:as_of as timestamptz)) < e.end_date, true
    ) as is_for_sale,
    s.left_count,
    s.own_count
from game.store_items as i
inner join access.store_shelf(cast(:as_of as timestamptz)) as s on i.item_id = s.item_id
left join game.seasons as e on i.season_name = e.season_name
order by i.is_on desc, i.price_coins, i.item_name
