-- Where reading of a source stands; makes the row at the first time and notes that somebody looked.
-- Grain: one row.
insert into ops.cursors as c (source_name, position_text, carry_text, stale_after_seconds, checked_at)
values (:source_name, '', '', :stale_after_seconds, :checked_at)
on conflict (source_name) do update set
    stale_after_seconds = excluded.stale_after_seconds,
    checked_at = greatest(c.checked_at, excluded.checked_at)
returning c.position_text, c.carry_text
