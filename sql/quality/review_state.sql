-- A review as it was saved once.
-- Grain: one row, none where there is no such state.
select
    r.save_number,
    r.reviewed_at,
    r.form_id,
    r.version_number,
    r.agent_id,
    r.queue_id,
    r.is_calibration,
    r.is_removed,
    r.source_name,
    r.contact_id,
    r.reviewer_name,
    r.comment_text,
    r.recording_url_text
from warehouse.reviews as r
where r.review_id = :review_id and r.save_number = :save_number
