-- Notes that an agent's page has shown these moments of theirs.
-- Grain: one row per moment that was not seen before.
update game.moments as m set seen_at = cast(:seen_at as timestamptz)
where m.agent_id = cast(:agent_id as integer) and m.moment_id = any(cast(:moment_ids as bigint [])) and m.seen_at is null
returning m.moment_id
