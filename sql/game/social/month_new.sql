-- Opens the choice of an employee of the month.
-- Grain: one row; none where it is open or decided already.
insert into game.months (month_date, proposed_at)
values (cast(:month_date as date), cast(:at as timestamptz))
on conflict (month_date) do nothing
returning month_date
