-- Makes the agents whom a source names for the first time.
-- Grain: one row per new agent.
with named as (
    select
        given.source_key,
        coalesce(given.display_name, given.source_key) as agent_name
    from unnest(cast(:source_keys as text []), cast(:display_names as text [])) as given (source_key, display_name)
    where not exists (
        select 1 from warehouse.agent_keys as k
        where k.source_name = :source_name and k.source_key = given.source_key
    )
),

numbered as materialized (
    select
        n.source_key,
        n.agent_name,
        nextval(pg_get_serial_sequence('warehouse.agents', 'agent_id'))::integer as agent_id
    from named as n
    order by n.source_key
),

made as (
    insert into warehouse.agents (agent_id, agent_name, site_name)
    select
        n.agent_id,
        n.agent_name,
        :site_name
    from numbered as n
)

insert into warehouse.agent_keys (source_name, source_key, agent_id)
select
    :source_name,
    n.source_key,
    n.agent_id
from numbered as n
