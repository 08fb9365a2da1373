-- The recordings that the warehouse holds of one source within a window, and those of these ids at any time.
-- Grain: one row per recording.
select
    r.started_at,
    r.ended_at,
    r.version_number,
    r.agent_id,
    r.recording_id,
    r.call_id,
    r.contact_id,
    r.media_name,
    r.url_text,
    r.customer_key,
    r.run_id
from warehouse.recordings as r
where
    r.source_name = :source_name
    and ((r.started_at >= :window_start and r.started_at < :window_end) or r.recording_id = any(:ids))
order by r.started_at, r.recording_id
