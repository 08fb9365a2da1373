-- The days of each period, and those of the eight weeks before it, with which it is compared.
-- Grain: one row per period, part (now, base) and day.
select
    case when n >= 0 then 'now' else 'base' end as part_name,
    s.period_text,
    s.start_date,
    s.end_date,
    s.start_date + n as day_date
from spans as s
cross join generate_series(-56, s.end_date - s.start_date) as g (n)
where s.start_date + n >= cast(:facts_from_date as date)
