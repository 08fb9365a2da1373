-- Gives a key to another agent and asks the load to move its facts, if it still belongs to the one it was taken from.
-- Grain: one row per key given; none where somebody else gave it away meanwhile. The past stays where other keys are mixed with it.
with moved as (
    update warehouse.agent_keys as k set agent_id = :agent_id
    where
        k.source_name = :was_source_name and k.source_key = :was_source_key and k.agent_id = :was_agent_id
        and k.agent_id <> :agent_id
    returning k.source_name, k.source_key
)

insert into ops.key_moves (asked_at, kind_name, source_name, source_key, from_id, to_id, has_past)
select
    :asked_at,
    'agent',
    v.source_name,
    v.source_key,
    :was_agent_id,
    :agent_id,
    not exists (
        select 1 from warehouse.agent_keys as e
        where e.agent_id = :was_agent_id and e.source_name = v.source_name and e.source_key <> v.source_key
    )
    and not exists (
        select 1 from ops.key_moves as m
        where
            m.kind_name = 'agent' and m.from_id = :was_agent_id and m.source_name = v.source_name
            and m.source_key <> v.source_key and not m.has_past
    )
from moved as v
