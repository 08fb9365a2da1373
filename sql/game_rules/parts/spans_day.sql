-- The periods that end in the bounds: working days.
-- Grain: one row per period.
select
    to_char(b.first_due_date + n, 'YYYY-MM-DD') as period_text,
    b.first_due_date + n as start_date,
    b.first_due_date + n as end_date
from bounds as b
cross join lateral generate_series(0, b.last_due_date - b.first_due_date) as g (n)
