-- Every place from which a day is read once more, and what a reader carries there.
-- Grain: one row per source and local day.
select
    m.source_name,
    m.day_date,
    m.position_text,
    m.carry_text
from ops.reconciliation_marks as m
order by m.source_name, m.day_date
