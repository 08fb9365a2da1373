-- Says how many points make a coin from a working day on.
-- Grain: one row.
insert into game.coin_rates (valid_from_date, coin_points, counted_kinds)
values (cast(:valid_from_date as date), :coin_points, cast(:counted_kinds as text []))
on conflict (valid_from_date) do update set
    coin_points = excluded.coin_points,
    counted_kinds = excluded.counted_kinds
returning valid_from_date
