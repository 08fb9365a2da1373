-- How many agents are signed in at an instant, by what they do?
-- Grain: one row per state in which somebody is.
select
    s.state_name,
    count(*) as agents_count
from warehouse.agent_states_at(:as_of) as s
where s.state_name <> 'signed_out'
group by s.state_name
order by s.state_name
