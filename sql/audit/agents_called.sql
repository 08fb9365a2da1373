-- Which agents are called so? Namesakes are all of them: it cannot be told whose data it was.
-- Grain: one row per agent.
select a.agent_id from warehouse.agents as a
where a.agent_name = any(cast(:agent_names as text []))
