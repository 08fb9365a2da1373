-- Gives a key to another queue and asks the load to move its facts, if it still belongs to the one it was taken from.
-- Grain: one row per key given; none where somebody else gave it away meanwhile. The past stays where other keys are mixed with it.
with moved as (
    update warehouse.queue_keys as k set queue_id = :queue_id
    where
        k.source_name = :was_source_name and k.source_key = :was_source_key and k.queue_id = :was_queue_id
        and k.queue_id <> :queue_id
    returning k.source_name, k.source_key
)

insert into ops.key_moves (asked_at, kind_name, source_name, source_key, from_id, to_id, has_past)
select
    :asked_at,
    'queue',
    v.source_name,
    v.source_key,
    :was_queue_id,
    :queue_id,
    not exists (
        select 1 from warehouse.queue_keys as e
        where e.queue_id = :was_queue_id and e.source_name = v.source_name and e.source_key <> v.source_key
    )
    and not exists (
        select 1 from ops.key_moves as m
        where
            m.kind_name = 'queue' and m.from_id = :was_queue_id and m.source_name = v.source_name
            and m.source_key <> v.source_key and not m.has_past
    )
from moved as v
