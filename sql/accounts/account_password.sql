-- Gives an account another password.
-- Grain: one row, none where there is no such account.
update access.accounts set password_hash_text = :password_hash_text
where account_id = :account_id
