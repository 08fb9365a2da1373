-- Gives an account another role, agent or standing.
-- Grain: one row, none where there is no such account.
update access.accounts set role_name = :role_name, agent_id = :agent_id, is_active = :is_active
where account_id = :account_id
