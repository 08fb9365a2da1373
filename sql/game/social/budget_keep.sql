-- Says how many coins the members of a team may spend in a month; null takes the limit away.
-- Grain: one row per team that has a limit now.
with gone as (
    delete from game.store_budgets as b
    where b.team_id = cast(:team_id as integer) and cast(:month_coins as integer) is null
)

insert into game.store_budgets (team_id, month_coins)
select
    cast(:team_id as integer),
    cast(:month_coins as integer)
where cast(:month_coins as integer) is not null
on conflict (team_id) do update set month_coins = excluded.month_coins
returning team_id
