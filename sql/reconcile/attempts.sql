-- The attempts to reach somebody that the warehouse holds of one source within a window, and those of these ids at any time.
-- Grain: one row per attempt.
select
    r.attempted_at,
    r.answered_at,
    r.ended_at,
    r.version_number,
    r.queue_id,
    r.agent_id,
    r.talk_seconds,
    r.is_converted,
    r.sale_amount,
    r.outcome_name,
    r.attempt_id,
    r.campaign_name,
    r.result_name,
    r.call_id,
    r.contact_id,
    r.customer_key,
    r.run_id
from warehouse.attempts as r
where
    r.source_name = :source_name
    and ((r.attempted_at >= :window_start and r.attempted_at < :window_end) or r.attempt_id = any(:ids))
order by r.attempted_at, r.attempt_id
