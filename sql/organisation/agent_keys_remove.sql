-- Takes back a key that was said beforehand and has not been used; facts keep the key that brought them.
-- Grain: one row per key removed.
delete from warehouse.agent_keys as k
where
    k.source_name = :was_source_name and k.source_key = :was_source_key and k.agent_id = :was_agent_id
