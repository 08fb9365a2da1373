-- Merges the staged states of agents; a tail replaces what the source now tells otherwise and keeps what is newer.
-- Grain: one row: how many source rows changed something, and which; notes the agent intervals to roll up again.
with tails as (
    select
        s.agent_id,
        min(s.started_at) as tail_start_at,
        max(s.version_number) as newest_version
    from stage_agent_states as s
    group by s.agent_id
),

before as (
    select
        a.agent_id,
        a.started_at,
        a.ended_at,
        a.state_name,
        a.version_number,
        t.newest_version
    from tails as t
    inner join warehouse.agent_states as a
        on t.agent_id = a.agent_id and t.tail_start_at <= a.started_at and a.source_name = :source_name
),

removed as (
    delete from warehouse.agent_states as a
    using before as b
    where
        :replaces_tails and a.agent_id = b.agent_id and a.started_at = b.started_at and a.source_name = :source_name
        and b.version_number <= b.newest_version
        and not exists (
            select 1 from stage_agent_states as s
            where s.agent_id = b.agent_id and s.started_at = b.started_at
        )
    returning a.agent_id, a.started_at, a.ended_at, a.state_name
),

merged as (
    insert into warehouse.agent_states as a (
        started_at, ended_at, version_number, run_id, agent_id, queue_id, source_name, state_name, reason_name
    )
    select
        s.started_at,
        s.ended_at,
        s.version_number,
        :run_id,
        s.agent_id,
        s.queue_id,
        :source_name,
        s.state_name,
        s.reason_name
    from stage_agent_states as s
    order by s.agent_id, s.started_at
    on conflict (agent_id, started_at, source_name) do update set
        ended_at = excluded.ended_at,
        version_number = excluded.version_number,
        run_id = excluded.run_id,
        queue_id = excluded.queue_id,
        state_name = excluded.state_name,
        reason_name = excluded.reason_name
    where
        a.version_number <= excluded.version_number
        and (a.version_number, a.ended_at, a.queue_id, a.state_name, a.reason_name)
        is distinct from (
            excluded.version_number, excluded.ended_at, excluded.queue_id, excluded.state_name, excluded.reason_name
        )
    returning a.agent_id, a.started_at, a.ended_at, a.state_name
),

moved as (
    select
        r.agent_id,
        r.started_at,
        r.ended_at,
        r.state_name
    from removed as r
    union all
    select
        m.agent_id,
        m.started_at,
        m.ended_at,
        m.state_name
    from merged as m
    union all
    select
        b.agent_id,
        b.started_at,
        b.ended_at,
        b.state_name
    from before as b
    inner join merged as m on b.agent_id = m.agent_id and b.started_at = m.started_at
    where (b.ended_at, b.state_name) is distinct from (m.ended_at, m.state_name)
),

noted as (
    insert into dirty_agent_intervals (agent_id, interval_start_at)
    select distinct
        v.agent_id,
        i.interval_start_at
    from moved as v
    cross join lateral generate_series(
        date_bin('15 minutes', v.started_at, '2000-01-01 00:00+00'),
        least(v.ended_at, v.started_at + interval '31 days'),
        interval '15 minutes'
    ) as i (interval_start_at)
    where v.state_name <> 'signed_out' and i.interval_start_at < v.ended_at
),

told as (
    insert into warehouse.state_sources (source_name)
    select cast(:source_name as text)
    on conflict (source_name) do nothing
)

select
    coalesce(sum(s.new_rows), 0)::bigint as changed_rows,
    coalesce(array_agg(distinct s.seq) filter (where s.seq is not null), '{}') as changed_seqs
from merged as m
inner join stage_agent_states as s on m.agent_id = s.agent_id and m.started_at = s.started_at
