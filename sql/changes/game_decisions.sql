-- Does the reader decide about this agent: one of theirs, and never themselves?
-- Grain: one row.
select
    (access.sees_everybody() or coalesce(cast(:agent_id as integer) = any(access.seen_agent_ids()), false))
    and coalesce(access.agent_id() <> cast(:agent_id as integer), true) as is_found
