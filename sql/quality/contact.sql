-- Whose contact it is: the agent and the queue of its last answered leg.
-- Grain: one row, none where no agent answered it.
select
    c.agent_id,
    c.queue_id
from warehouse.calls as c
where c.source_name = :source_name and c.contact_id = :contact_id and c.answered_at is not null and c.agent_id is not null
order by c.offered_at desc, c.call_id, c.stay_number desc
limit 1
