-- The links between contacts that the warehouse holds of one source within a window.
-- Grain: one row per contact and kind of link.
select
    l.linked_at,
    l.contact_id,
    l.linked_source_name,
    l.linked_contact_id,
    l.link_name,
    l.run_id
from warehouse.told_links as l
where
    l.source_name = :source_name and l.linked_at >= :window_start and l.linked_at < :window_end
