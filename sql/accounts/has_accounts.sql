-- Has this site any account, so that whoever comes must sign in?
-- Grain: one row.
select exists(select 1 from access.accounts as a where a.role_name <> 'wall' and a.issuer_text is distinct from 'demo') as has_accounts
