-- Is this the reader's own number, or does the reader answer for everybody?
-- Grain: one row.
select coalesce(access.agent_id() = cast(:agent_id as integer), false) or access.sees_everybody() as is_found
