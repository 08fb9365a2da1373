-- Where is this recording?
-- Grain: one row; none where it is not known, or was erased.
select
    r.agent_id,
    r.url_text,
    r.started_at
from warehouse.recordings as r
where r.source_name = :source_name and r.recording_id = :recording_id
