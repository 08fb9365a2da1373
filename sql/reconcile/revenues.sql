-- The revenues that the warehouse holds of one source within a window, and those of these ids at any time.
-- Grain: one row per revenue.
select
    r.earned_at,
    r.version_number,
    r.queue_id,
    r.agent_id,
    r.amount,
    r.revenue_id,
    r.currency_name,
    r.call_id,
    r.contact_id,
    r.ticket_id,
    r.customer_key,
    r.reason_name,
    r.run_id
from warehouse.revenues as r
where
    r.source_name = :source_name
    and ((r.earned_at >= :window_start and r.earned_at < :window_end) or r.revenue_id = any(:ids))
