-- Merges the staged shifts: newer versions win, what changes nothing is left alone.
-- Grain: one row: the source's rows that changed something.
with merged as (
    insert into warehouse.shifts as t (
        started_at, ended_at, version_number, agent_id, is_planned, is_paid, shift_id, activity_name, run_id,
        source_name
    )
    select
        s.started_at,
        s.ended_at,
        s.version_number,
        s.agent_id,
        s.is_planned,
        s.is_paid,
        s.shift_id,
        s.activity_name,
        :run_id,
        :source_name
    from stage_shifts as s
    order by s.shift_id
    on conflict (source_name, shift_id) do update set
        started_at = excluded.started_at,
        ended_at = excluded.ended_at,
        version_number = excluded.version_number,
        agent_id = excluded.agent_id,
        is_planned = excluded.is_planned,
        is_paid = excluded.is_paid,
        activity_name = excluded.activity_name,
        run_id = excluded.run_id
    where
        t.version_number <= excluded.version_number
        and (
            t.started_at, t.ended_at, t.version_number, t.agent_id, t.is_planned, t.is_paid, t.activity_name
        ) is distinct from (
            excluded.started_at, excluded.ended_at, excluded.version_number, excluded.agent_id, excluded.is_planned,
            excluded.is_paid, excluded.activity_name
        )
    returning t.shift_id
)

select
    0::bigint as changed_rows,
    coalesce(array_agg(distinct s.seq), '{}') as changed_seqs
from merged as m
inner join stage_shifts as s on m.shift_id = s.shift_id
