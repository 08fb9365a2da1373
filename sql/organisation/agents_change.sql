-- Changes a agent that still is what it was when editing began.
-- Grain: one row per agent changed; none where somebody else changed it meanwhile.
update warehouse.agents as t set
    agent_name = cast(:agent_name as text),
    alias_name = cast(:alias_name as text),
    site_name = cast(:site_name as text),
    time_zone_name = cast(:time_zone_name as text),
    is_active = cast(:is_active as boolean)
where
    t.agent_id = :was_agent_id
    and (
        t.agent_name, t.alias_name, t.site_name, t.time_zone_name, t.is_active
    ) is not distinct from (
        cast(:was_agent_name as text),
        cast(:was_alias_name as text),
        cast(:was_site_name as text),
        cast(:was_time_zone_name as text),
        cast(:was_is_active as boolean)
    )
