-- When did each kind of process last prove to be alive?
-- Grain: one row per kind of process.
select
    process_name,
    started_at,
    beat_at
from ops.heartbeats
order by process_name
