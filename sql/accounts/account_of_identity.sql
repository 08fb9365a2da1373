-- Which account does the identity provider's word belong to?
-- Grain: one row, none where there is no such account.
select
    a.account_id,
    a.role_name,
    a.agent_id,
    a.is_active
from access.accounts as a
where a.issuer_text = :issuer_text and a.subject_text = :subject_text
