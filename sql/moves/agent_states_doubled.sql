-- Takes away what would stand twice: of two states of one source that begin at once, the one of the older version.
-- Grain: one row per interval of either agent in which such a state lay, noted as dirty.
with gone as (
    delete from warehouse.agent_states as s
    using warehouse.agent_states as o
    where
        s.source_name = :source_name and o.source_name = s.source_name and o.started_at = s.started_at
        and (
            (s.agent_id = :from_id and o.agent_id = :to_id and s.version_number <= o.version_number)
            or (s.agent_id = :to_id and o.agent_id = :from_id and s.version_number < o.version_number)
        )
    returning s.started_at, s.ended_at, s.state_name
)

insert into dirty_agent_intervals (agent_id, interval_start_at)
select distinct
    a.agent_id,
    i.interval_start_at
from gone as g
cross join lateral generate_series(
    date_bin('15 minutes', g.started_at, '2000-01-01 00:00+00'),
    least(g.ended_at, g.started_at + interval '31 days'),
    interval '15 minutes'
) as i (interval_start_at)
cross join (values (cast(:from_id as integer)), (cast(:to_id as integer))) as a (agent_id)
where g.state_name <> 'signed_out' and i.interval_start_at < g.ended_at
