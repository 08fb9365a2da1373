-- Whose account is this, and what proves it?
-- Grain: one row, none where there is no such account.
select
    a.account_id,
    a.login_name,
    a.role_name,
    a.agent_id,
    a.is_active,
    a.password_hash_text
from access.accounts as a
where lower(a.login_name) = lower(:login_name)
