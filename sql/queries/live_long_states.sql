-- How many agents are signed in at an instant, by what they do, and how many of them have done it for longer than a time each?
-- Grain: one row per state in which somebody is; longer_seconds is null where no length of that state is too long.
select
    s.state_name,
    l.longer_seconds,
    count(*) as agents_count,
    count(*) filter (where s.started_at < cast(:as_of as timestamptz) - make_interval(secs => l.longer_seconds)) as long_agents_count
from warehouse.agent_states_at(:as_of) as s
left join (
    values
    ('ringing', cast(:ringing_seconds as integer)),
    ('on_contact', cast(:on_contact_seconds as integer)),
    ('wrap_up', cast(:wrap_up_seconds as integer)),
    ('paused', cast(:paused_seconds as integer))
) as l (state_name, longer_seconds)
    on s.state_name = l.state_name
where s.state_name <> 'signed_out'
group by s.state_name, l.longer_seconds
order by s.state_name
