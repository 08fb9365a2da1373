-- The queues and agents that a source knows.
-- Grain: one row per key of a queue and of an agent.
select
    'queue' as kind_name,
    k.source_key,
    k.queue_id as of_id,
    q.queue_name as display_name
from warehouse.queue_keys as k
inner join warehouse.queues as q on k.queue_id = q.queue_id
where k.source_name = :source_name
union all
select
    'agent' as kind_name,
    k.source_key,
    k.agent_id as of_id,
    a.agent_name as display_name
from warehouse.agent_keys as k
inner join warehouse.agents as a on k.agent_id = a.agent_id
where k.source_name = :source_name
