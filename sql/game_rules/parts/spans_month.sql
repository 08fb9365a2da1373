-- The periods that end in the bounds: months.
-- Grain: one row per period.
select
    to_char(b.first_due_date + n, 'YYYY-MM') as period_text,
    b.first_due_date + n - cast(extract(day from b.first_due_date + n) as integer) + 1 as start_date,
    b.first_due_date + n as end_date
from bounds as b
cross join lateral generate_series(0, b.last_due_date - b.first_due_date) as g (n)
where extract(day from b.first_due_date + n + 1) = 1
