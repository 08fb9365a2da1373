-- Whose account is this, and what proves it? A wall display and a persona of the demo sign in by no name.
-- Grain: one row, none where there is no such account.
select
    a.account_id,
    a.login_name,
    a.role_name,
    a.agent_id,
    a.is_active,
    a.password_hash_text,
    a.issuer_text is not null as is_linked
from access.accounts as a
where
    lower(a.login_name) = lower(:login_name)
    and a.role_name <> 'wall' and a.issuer_text is distinct from 'demo'
order by a.is_active desc, a.account_id
limit 1
