-- The days of each period.
-- Grain: one row per period and day.
select
    'now' as part_name,
    s.period_text,
    s.start_date,
    s.end_date,
    s.start_date + n as day_date
from spans as s
cross join generate_series(0, s.end_date - s.start_date) as g (n)
where s.start_date + n >= cast(:facts_from_date as date)
