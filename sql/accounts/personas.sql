-- As whom can the demo be looked at?
-- Grain: one row per persona.
select
    a.subject_text as persona_name,
    case when a.role_name = 'wall' then '' else a.login_name end as label_text
from access.accounts as a
where a.issuer_text = 'demo' and a.is_active
order by a.account_id
