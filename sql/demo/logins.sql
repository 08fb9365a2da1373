-- Joins the logins of the demo's help desk with the agents of its telephone system.
-- Grain: one row per login that was not known.
insert into warehouse.agent_keys (source_name, source_key, agent_id)
select
    :helpdesk_name,
    g.login_name,
    k.agent_id
from unnest(cast(:agent_names as text []), cast(:login_names as text [])) as g (agent_name, login_name)
inner join warehouse.agent_keys as k on g.agent_name = k.source_key and k.source_name = :source_name
on conflict (source_name, source_key) do nothing
