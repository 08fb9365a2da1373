-- Takes the agent out of what is stored in warehouse.surveys.
-- Grain: one row per row with an agent.
update warehouse.surveys set agent_id = null
where agent_id is not null
