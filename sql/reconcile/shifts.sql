-- The shifts that the warehouse holds of one source within a window, and those of these ids at any time.
-- Grain: one row per shift.
select
    s.started_at,
    s.ended_at,
    s.version_number,
    s.agent_id,
    s.is_planned,
    s.is_paid,
    s.shift_id,
    s.activity_name,
    s.run_id
from warehouse.shifts as s
where
    s.source_name = :source_name
    and ((s.started_at >= :window_start and s.started_at < :window_end) or s.shift_id = any(:ids))
