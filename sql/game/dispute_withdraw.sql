-- Takes an agent's own open dispute back.
-- Grain: one row per dispute that was withdrawn.
update game.disputes as d set
    state_name = 'withdrawn',
    decided_at = cast(:decided_at as timestamptz),
    decided_by_name = :actor_name
where d.dispute_id = cast(:dispute_id as bigint) and d.agent_id = cast(:agent_id as integer) and d.state_name = 'open'
returning d.dispute_id
