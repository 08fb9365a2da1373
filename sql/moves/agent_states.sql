-- Gives the states that one source tells of an agent to another agent, and notes the intervals of both.
-- Grain: one row: how many states were moved.
with moved as (
    update warehouse.agent_states as s set agent_id = :to_id
    where s.agent_id = :from_id and s.source_name = :source_name
    returning s.started_at, s.ended_at, s.state_name
),

noted as (
    insert into dirty_agent_intervals (agent_id, interval_start_at)
    select distinct
        a.agent_id,
        i.interval_start_at
    from moved as m
    cross join lateral generate_series(
        date_bin('15 minutes', m.started_at, '2000-01-01 00:00+00'),
        least(m.ended_at, m.started_at + interval '31 days'),
        interval '15 minutes'
    ) as i (interval_start_at)
    cross join (values (cast(:from_id as integer)), (cast(:to_id as integer))) as a (agent_id)
    where m.state_name <> 'signed_out' and i.interval_start_at < m.ended_at
)

select count(*) as moved_rows from moved
