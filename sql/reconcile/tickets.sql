-- The tickets that the warehouse holds of one source within a window, and those of these ids at any time.
-- Grain: one row per ticket; those that only their events tell of (version -1) are none of the source's.
select
    t.created_at,
    t.updated_at,
    t.version_number,
    t.is_told_deleted as is_deleted,
    t.ticket_id,
    t.contact_id,
    t.call_id,
    t.channel_name,
    t.customer_key,
    t.topic_name,
    t.url_text,
    t.run_id
from warehouse.tickets as t
where
    t.source_name = :source_name and t.version_number >= 0
    and ((t.created_at >= :window_start and t.created_at < :window_end) or t.ticket_id = any(:ids))
