-- Where the live reading of a source stands.
-- Grain: one row per source; none before its first load.
select
    c.position_text,
    c.carry_text,
    c.newest_event_at
from ops.cursors as c
where c.source_name = :source_name
