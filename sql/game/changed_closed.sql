-- Of which closed days may facts count otherwise: because they changed, because the seven days of coming again were not over when
-- they were closed, or because they came from before all days that were ever counted?
-- Grain: one row: the first of them, null where there is none.
select min(d.day_date) as first_date
from (
    select m.day_date
    from game.made_days as m
    where
        m.is_changed
        or (m.settled_at < cast(:settled_at as timestamptz) and m.settled_at < m.day_date + interval '9 days')
    union all
    select cast(:extent_date as date)
    where cast(:extent_date as date) < (select min(m.day_date) from game.made_days as m)
) as d
where
    d.day_date <= cast(:closed_date as date)
    and d.day_date > coalesce(
        (select max(r.whole_from_at) from ops.retentions as r where r.kind_name in ('calls', 'agents', 'tickets')), '-infinity'
    )
