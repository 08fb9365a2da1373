-- Forgets the places of days that nobody compares any more; the latest of them stays, as a beginning for older days.
-- Grain: one row per forgotten place.
delete from ops.reconciliation_marks as m
where
    m.source_name = :source_name and m.day_date < :before_date
    and exists (
        select 1 from ops.reconciliation_marks as l
        where l.source_name = m.source_name and l.day_date > m.day_date and l.day_date < :before_date
    )
