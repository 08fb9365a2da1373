-- Of these runs, those of another source that tells under the same name.
-- Grain: one row per run.
select r.run_id
from ops.runs as r
where r.run_id = any(:run_ids) and r.source_name <> :source_name
