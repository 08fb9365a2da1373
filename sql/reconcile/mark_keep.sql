-- Keeps a place before everything that the origin tells of a day; one that is known to be whole stays.
-- Grain: one row.
insert into ops.reconciliation_marks as m (day_date, source_name, position_text, carry_text, is_whole)
values (:day_date, :source_name, :position_text, :carry_text, :is_whole)
on conflict (source_name, day_date) do update set
    position_text = excluded.position_text,
    carry_text = excluded.carry_text,
    is_whole = excluded.is_whole
where excluded.is_whole or not m.is_whole
