-- How many agents are free to take a contact at an instant?
-- Grain: one row per scope: agents who are available; n is the number of those who are signed in.
select
    s.scope_id,
    min(s.scope_name) as scope_name,
    cast(count(distinct a.agent_id) filter (where a.state_name = 'available') as double precision) as value,
    count(distinct a.agent_id) filter (where a.state_name <> 'signed_out') as n,
    ops.is_fresh('agent_states', :scope_kind_name, s.scope_id, :as_of) as is_known
from ops.agent_scopes(:scope_kind_name, :scope_key, :as_of, :as_of + interval '1 microsecond') as s
left join warehouse.agent_states_at(:as_of) as a on s.agent_id = a.agent_id
group by s.scope_id
order by scope_name, s.scope_id
