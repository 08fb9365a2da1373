-- Takes away a membership that both agents have from the same instant on; the longer end stays.
-- Grain: one row per membership taken away.
with gone as (
    delete from warehouse.queue_members as m
    using warehouse.queue_members as o
    where
        m.agent_id = :from_id and m.source_name = :source_name and o.agent_id = :to_id and o.queue_id = m.queue_id
        and o.started_at = m.started_at
    returning m.queue_id, m.started_at, m.ended_at
)

update warehouse.queue_members as o
set ended_at = case when o.ended_at is not null and g.ended_at is not null then greatest(o.ended_at, g.ended_at) end
from gone as g
where o.agent_id = :to_id and o.queue_id = g.queue_id and o.started_at = g.started_at
