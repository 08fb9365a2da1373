-- Gives an agent an alias in place of the name, and keyed hashes in place of the keys by which the sources know the agent.
-- Grain: one row per key that was not erased before (who came back and goes again). The facts stay the agent's, so no figure changes.
with given as (
    select
        g.source_name,
        g.source_key,
        g.erased_key,
        o.source_key is not null as is_doubled
    from unnest(cast(:source_names as text []), cast(:source_keys as text []), cast(:erased_keys as text []))
        as g (source_name, source_key, erased_key)
    left join warehouse.agent_keys as o on g.source_name = o.source_name and g.erased_key = o.source_key
),

named as (
    update warehouse.agents set agent_name = :alias_name, alias_name = null, is_active = false
    where agent_id = :agent_id
),

moves as (
    update ops.key_moves as m set source_key = g.erased_key
    from given as g
    where m.kind_name = 'agent' and m.source_name = g.source_name and m.source_key = g.source_key
),

doubled as (
    delete from warehouse.agent_keys as k
    using given as g
    where
        k.agent_id = :agent_id and k.source_name = g.source_name and k.source_key = g.source_key and g.is_doubled
)

update warehouse.agent_keys as k set source_key = g.erased_key
from given as g
where
    k.agent_id = :agent_id and k.source_name = g.source_name and k.source_key = g.source_key and not g.is_doubled
