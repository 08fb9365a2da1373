-- Under which names each system knows an agent, and whether the past of a name could move with it.
-- Grain: one row per key of an agent.
select
    k.source_name,
    k.source_key,
    k.agent_id,
    o.agent_name,
    o.is_active,
    not exists (
        select 1 from warehouse.agent_keys as e
        where e.agent_id = k.agent_id and e.source_name = k.source_name and e.source_key <> k.source_key
    )
    and not exists (
        select 1 from ops.key_moves as m
        where
            m.kind_name = 'agent' and m.from_id = k.agent_id and m.source_name = k.source_name
            and m.source_key <> k.source_key and not m.has_past
    ) as has_past
from warehouse.agent_keys as k
inner join warehouse.agents as o on k.agent_id = o.agent_id
order by o.agent_name, k.agent_id, k.source_name, k.source_key
