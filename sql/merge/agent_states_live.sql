-- Keeps one state at a time where a live reader (version 0) tells of the same agents as a log: the log's word stands.
-- Grain: one row per state that was cut or removed; notes the agent intervals to roll up again.
with outspoken as (
    delete from stage_agent_states as s
    where
        s.version_number = 0
        and exists (
            select 1 from warehouse.agent_states as a
            where
                a.agent_id = s.agent_id and a.source_name = :source_name and a.version_number > 0
                and a.started_at >= s.started_at
        )
),

tails as (
    select
        s.agent_id,
        min(s.started_at) as tail_start_at
    from stage_agent_states as s
    where s.version_number > 0
    group by s.agent_id
),

reaching as (
    select
        a.agent_id,
        a.started_at,
        a.ended_at,
        t.tail_start_at
    from tails as t
    inner join warehouse.agent_states as a on t.agent_id = a.agent_id
    where
        a.source_name = :source_name and a.version_number = 0 and a.started_at < t.tail_start_at
        and (a.ended_at is null or a.ended_at > t.tail_start_at)
),

noted as (
    insert into dirty_agent_intervals (agent_id, interval_start_at)
    select distinct
        r.agent_id,
        i.interval_start_at
    from reaching as r
    cross join lateral generate_series(
        date_bin('15 minutes', r.started_at, '2000-01-01 00:00+00'),
        least(coalesce(r.ended_at, r.tail_start_at), r.started_at + interval '31 days'),
        interval '15 minutes'
    ) as i (interval_start_at)
)

update warehouse.agent_states as a set ended_at = r.tail_start_at
from reaching as r
where a.agent_id = r.agent_id and a.started_at = r.started_at and a.source_name = :source_name
