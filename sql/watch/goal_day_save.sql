-- Writes the measurement of a goal's day, if the goal is still the one that was measured.
-- Grain: one row.
insert into warehouse.goal_days as d (goal_id, day_date, measured_at, version_number, measured_count, measured_value)
select
    g.goal_id,
    cast(:day_date as date),
    cast(:now as timestamptz),
    g.version_number,
    cast(:measured_count as bigint),
    cast(:measured_value as double precision)
from warehouse.goals as g
where g.goal_id = :goal_id and g.version_number = :version_number
on conflict (goal_id, day_date) do update set
    measured_at = excluded.measured_at,
    version_number = excluded.version_number,
    measured_count = excluded.measured_count,
    measured_value = excluded.measured_value
