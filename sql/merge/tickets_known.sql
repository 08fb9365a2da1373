-- The tickets of a source by their ids, as their source tells of them.
-- Grain: one row per ticket.
select
    t.ticket_id,
    t.created_at,
    t.channel_name
from warehouse.tickets as t
where t.source_name = :source_name and t.ticket_id = any(cast(:ticket_ids as text []))
order by t.ticket_id
