-- Takes all teams from an account.
-- Grain: one row per team.
delete from access.account_teams where account_id = :account_id
