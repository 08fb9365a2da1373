-- Takes the agent out of what is stored in warehouse.recordings.
-- Grain: one row per row with an agent.
update warehouse.recordings set agent_id = null
where agent_id is not null
