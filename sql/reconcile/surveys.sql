-- The answers to surveys that the warehouse holds of one source within a window, and those of these ids at any time.
-- Grain: one row per answer.
select
    s.answered_at,
    s.version_number,
    s.queue_id,
    s.agent_id,
    s.csat_score,
    s.nps_score,
    s.is_resolved,
    s.survey_id,
    s.call_id,
    s.contact_id,
    s.ticket_id,
    s.customer_key,
    s.comment_text,
    s.run_id
from warehouse.surveys as s
where
    s.source_name = :source_name
    and ((s.answered_at >= :window_start and s.answered_at < :window_end) or s.survey_id = any(:ids))
