-- The working days of the whole history under this version: what is given once is given for the first time that it was earned.
-- Grain: one row.
select
    greatest(
        cast(:effective_from_date as date),
        coalesce((select min(d.effective_date) from game.day_sums as d), cast(:effective_from_date as date))
    ) as first_due_date,
    least(cast(:last_date as date), cast(:valid_until_date as date) - 1) as last_due_date
