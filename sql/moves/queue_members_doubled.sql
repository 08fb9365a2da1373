-- Takes away a membership that an agent has in both queues from the same instant on; the longer end stays.
-- Grain: one row per membership taken away.
with gone as (
    delete from warehouse.queue_members as m
    using warehouse.queue_members as o
    where
        m.queue_id = :from_id and m.source_name = :source_name and o.queue_id = :to_id and o.agent_id = m.agent_id
        and o.started_at = m.started_at
    returning m.agent_id, m.started_at, m.ended_at
)

update warehouse.queue_members as o
set ended_at = case when o.ended_at is not null and g.ended_at is not null then greatest(o.ended_at, g.ended_at) end
from gone as g
where o.queue_id = :to_id and o.agent_id = g.agent_id and o.started_at = g.started_at
