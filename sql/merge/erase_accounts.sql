-- Closes the accounts of an agent who is erased, ends their sessions, and gives them an alias in place of every name.
-- Grain: one row: how many accounts there were.
select access.close_of_agent(:agent_id, :alias_name) as closed_count
