-- Adds a agent; none where it is there already.
-- Grain: one row per agent added.
insert into warehouse.agents (
    agent_id,
    agent_name,
    alias_name,
    site_name,
    time_zone_name,
    is_active
)
values (
    coalesce(cast(:agent_id as integer), nextval(pg_get_serial_sequence('warehouse.agents', 'agent_id'))::integer),
    cast(:agent_name as text),
    cast(:alias_name as text),
    cast(:site_name as text),
    cast(:time_zone_name as text),
    cast(:is_active as boolean)
)
returning agent_id
