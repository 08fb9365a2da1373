-- The latest place before everything that the origin tells of a day.
-- Grain: one row; none where no earlier reading left a place.
select
    m.day_date,
    m.position_text,
    m.carry_text,
    m.is_whole
from ops.reconciliation_marks as m
where m.source_name = :source_name and m.day_date <= :day_date
order by m.day_date desc
limit 1
