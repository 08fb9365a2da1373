-- Which accounts, agents and teams are there, for whoever mistyped one?
-- Grain: one row per name of a kind.
select
    'account' as kind_name,
    a.account_id as name_id,
    a.login_name as name_text
from access.accounts as a
where a.role_name <> 'wall' and a.issuer_text is distinct from 'demo'
union all
select
    'agent' as kind_name,
    g.agent_id as name_id,
    g.agent_name as name_text
from warehouse.agents as g
union all
select
    'team' as kind_name,
    t.team_id as name_id,
    t.team_name as name_text
from warehouse.teams as t
