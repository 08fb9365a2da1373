-- Under which names each system knows a queue, and whether the past of a name could move with it.
-- Grain: one row per key of a queue.
select
    k.source_name,
    k.source_key,
    k.queue_id,
    o.queue_name,
    o.is_active,
    not exists (
        select 1 from warehouse.queue_keys as e
        where e.queue_id = k.queue_id and e.source_name = k.source_name and e.source_key <> k.source_key
    )
    and not exists (
        select 1 from ops.key_moves as m
        where
            m.kind_name = 'queue' and m.from_id = k.queue_id and m.source_name = k.source_name
            and m.source_key <> k.source_key and not m.has_past
    ) as has_past
from warehouse.queue_keys as k
inner join warehouse.queues as o on k.queue_id = o.queue_id
order by o.queue_name, k.queue_id, k.source_name, k.source_key
