-- Gives the account that waits for this verified address to whoever the provider says has it; once.
-- Grain: one row, none where no account waits for it.
update access.accounts as a
set issuer_text = :issuer_text, subject_text = :subject_text
where
    lower(a.login_name) = lower(:login_name)
    and a.is_active and a.role_name <> 'wall'
    and a.issuer_text is null and a.password_hash_text is null
    -- nobody has two accounts: whose own was closed stays outside, whatever waits for their address
    and not exists (
        select 1 from access.accounts as o where o.issuer_text = :issuer_text and o.subject_text = :subject_text
    )
returning a.account_id, a.role_name, a.agent_id, a.is_active
