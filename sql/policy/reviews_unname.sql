-- Takes the agent out of what is stored in warehouse.reviews.
-- Grain: one row per row with an agent.
update warehouse.reviews set agent_id = null
where agent_id is not null
