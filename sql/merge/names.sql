-- The queues and agents that a source knows.
-- Grain: one row per queue and per agent's key.
select
    'queue' as kind_name,
    q.queue_name as source_name,
    q.queue_id as of_id
from warehouse.queues as q
where q.source_name = :source_name
union all
select
    'agent' as kind_name,
    k.source_key as source_name,
    k.agent_id as of_id
from warehouse.agent_keys as k
where k.source_name = :source_name
