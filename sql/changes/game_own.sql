-- Is this the reader's own number?
-- Grain: one row.
select coalesce(access.agent_id() = cast(:agent_id as integer), false) or access.is_administrator() as is_found
