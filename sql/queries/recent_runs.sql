-- Which loads ran last, and what did each do?
-- Grain: one row per batch, the newest 200.
select
    r.run_id,
    r.source_name,
    r.started_at,
    r.ended_at,
    ceil(extract(epoch from r.ended_at - r.started_at)) as duration_seconds,
    r.outcome_name,
    r.read_rows,
    r.loaded_rows,
    r.unchanged_rows,
    r.rejected_rows,
    r.newest_event_at,
    r.notice_text,
    r.error_text
from ops.runs as r
where r.started_at <= :as_of
order by r.ended_at desc, r.run_id desc
limit 200
