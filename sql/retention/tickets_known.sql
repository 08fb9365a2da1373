-- Which of these tickets does the warehouse hold?
-- Grain: one row per ticket.
select t.ticket_id
from warehouse.tickets as t
where t.source_name = :source_name and t.ticket_id = any(cast(:ticket_ids as text []))
