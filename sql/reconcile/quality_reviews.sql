-- The reviews that the warehouse holds of one source within a window, and those of these ids at any time.
-- Grain: one row per review.
select
    r.reviewed_at,
    r.version_number,
    r.agent_id,
    r.total_score,
    r.is_failed,
    r.review_id,
    r.call_id,
    r.ticket_id,
    r.reviewer_name,
    r.form_name,
    r.comment_text,
    r.run_id
from warehouse.quality_reviews as r
where
    r.source_name = :source_name
    and ((r.reviewed_at >= :window_start and r.reviewed_at < :window_end) or r.review_id = any(:ids))
