-- Which loads brought what is known of some records, when, and how much else came with them?
-- Grain: one row per load. Loads of long ago are kept for a limited time; a record's may no longer be there.
select
    r.run_id,
    r.source_name,
    r.started_at,
    r.ended_at,
    r.read_rows,
    r.loaded_rows,
    r.unchanged_rows,
    r.rejected_rows,
    r.outcome_name
from ops.runs as r
where r.run_id = any(cast(:run_ids as bigint []))
order by r.run_id
