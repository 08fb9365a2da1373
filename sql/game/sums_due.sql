-- Which working days between two are to be made: never made, changed since, or now past the seven days of coming again?
-- Grain: one row per day. Nothing before the day from which on the records are whole: those sums stay as they were counted.
select d.due_at::date as day_date
from generate_series(cast(:first_date as date), cast(:last_date as date), interval '1 day') as d (due_at)
left join game.made_days as m on d.due_at::date = m.day_date
where
    (
        m.day_date is null or m.is_changed
        or (m.settled_at < cast(:settled_at as timestamptz) and m.settled_at < m.day_date + interval '9 days')
    )
    and d.due_at > coalesce(
        (select max(r.whole_from_at) from ops.retentions as r where r.kind_name in ('calls', 'agents', 'tickets')), '-infinity'
    )
order by d.due_at
