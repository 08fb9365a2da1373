-- Merges the staged memberships: who serves which queue since when.
-- Grain: one row per changed membership.
insert into warehouse.queue_members as m (
    queue_id, agent_id, started_at, ended_at, version_number, run_id, source_name
)
select
    s.queue_id,
    s.agent_id,
    s.started_at,
    s.ended_at,
    s.version_number,
    :run_id,
    :source_name
from stage_queue_members as s
order by s.queue_id, s.agent_id, s.started_at
on conflict (queue_id, agent_id, started_at, source_name) do update set
    ended_at = excluded.ended_at,
    version_number = excluded.version_number,
    run_id = excluded.run_id
where m.version_number <= excluded.version_number
and (m.ended_at, m.version_number) is distinct from (excluded.ended_at, excluded.version_number)
