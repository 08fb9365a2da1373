-- The period that runs on the last day of the window, as far as it has come.
-- Grain: one row.
select
    'now' as period_text,
    case cast(:grain as text)
        when 'day' then b.last_due_date
        when 'week' then b.last_due_date - cast(extract(isodow from b.last_due_date) as integer) + 1
        when 'month' then b.last_due_date - cast(extract(day from b.last_due_date) as integer) + 1
        when 'season' then coalesce(
            (
                select s.start_date
                from game.seasons as s
                where b.last_due_date >= s.start_date and b.last_due_date < s.end_date
            ),
            b.last_due_date
        )
        else greatest(cast(:facts_from_date as date), (select min(d.effective_date) from game.day_sums as d))
    end as start_date,
    b.last_due_date as end_date
from bounds as b
