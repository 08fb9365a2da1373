-- The stays of contacts that the warehouse holds of one source within a window.
-- Grain: one row per stay.
select
    c.offered_at,
    c.answered_at,
    c.ended_at,
    c.version_number,
    c.queue_id,
    c.agent_id,
    c.stay_number,
    c.wait_seconds,
    c.ring_seconds,
    c.talk_seconds,
    c.hold_seconds,
    c.wrap_up_seconds,
    c.entry_position,
    c.csat_score,
    c.nps_score,
    c.revenue_amount,
    c.is_resolved,
    c.call_id,
    c.contact_id,
    c.channel_name,
    c.direction_name,
    c.outcome_name,
    c.ended_by_name,
    c.transfer_kind_name,
    c.transferred_to_name,
    c.customer_key,
    c.topic_name,
    c.run_id
from warehouse.calls as c
where
    c.source_name = :source_name and c.offered_at >= :window_start and c.offered_at < :window_end
