-- The tickets that were created or changed in the window.
-- Grain: one row per ticket.
select
    t.source_name,
    t.ticket_id
from warehouse.tickets as t
where
    (t.created_at >= :window_start and t.created_at < :window_end)
    or exists (
        select 1 from warehouse.ticket_events as e
        where
            e.source_name = t.source_name and e.ticket_id = t.ticket_id and e.occurred_at >= :window_start
            and e.occurred_at < :window_end
    )
order by t.source_name, t.ticket_id
