-- Removes a agent that still is what it was when editing began.
-- Grain: one row per agent removed; none where somebody else changed it meanwhile.
delete from warehouse.agents as t
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
