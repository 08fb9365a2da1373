-- A review as it was saved last.
-- Grain: one row, none where there is no such review.
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
where r.review_id = :review_id
order by r.save_number desc
limit 1
