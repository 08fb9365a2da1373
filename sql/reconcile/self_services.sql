-- The visits to a menu, a bot or a help page that the warehouse holds of one source within a window, and those of these ids at any time.
-- Grain: one row per visit.
select
    r.started_at,
    r.ended_at,
    r.version_number,
    r.queue_id,
    r.outcome_name,
    r.visit_id,
    r.channel_name,
    r.flow_name,
    r.choices_text,
    r.topic_name,
    r.contact_id,
    r.customer_key,
    r.run_id
from warehouse.self_services as r
where
    r.source_name = :source_name
    and ((r.started_at >= :window_start and r.started_at < :window_end) or r.visit_id = any(:ids))
order by r.started_at, r.visit_id
