-- Lets an account wait for a sign-in by its address again, as after somebody's account at the provider was made anew.
-- Grain: one row, none where there is no such account.
update access.accounts set issuer_text = null, subject_text = null
where account_id = :account_id
