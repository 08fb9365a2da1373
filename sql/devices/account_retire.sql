-- Closes the account of a wall display and frees its name for the next one.
-- Grain: one row.
update access.accounts
set is_active = false, issuer_text = null, subject_text = null, login_name = 'wall: revoked ' || cast(account_id as text)
where account_id = :account_id and role_name = 'wall'
