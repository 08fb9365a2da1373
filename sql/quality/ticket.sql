-- Whose ticket it is.
-- Grain: one row, none where nobody has it.
select
    t.agent_id,
    null as queue_id
from warehouse.tickets as t
where t.source_name = :source_name and t.ticket_id = :contact_id and t.agent_id is not null and not t.is_deleted
