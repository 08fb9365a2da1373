-- Makes the agents whom a source names for the first time.
-- Grain: one row per new agent.
with made as (
    insert into warehouse.agents (agent_name, site_name)
    select
        given.source_key,
        :site_name
    from unnest(cast(:source_keys as text [])) as given (source_key)
    where not exists (
        select 1 from warehouse.agent_keys as k
        where k.source_name = :source_name and k.source_key = given.source_key
    )
    order by given.source_key
    returning agent_id, agent_name
)

insert into warehouse.agent_keys (source_name, source_key, agent_id)
select
    :source_name,
    m.agent_name,
    m.agent_id
from made as m
