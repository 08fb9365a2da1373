-- Merges the staged events of tickets: newer versions win, what changes nothing is left alone.
-- Grain: one row: the source's rows that changed something.
with merged as (
    insert into warehouse.ticket_events as t (
        occurred_at, version_number, event_number, agent_id, ticket_id, event_name, actor_name, value_text, run_id,
        source_name
    )
    select
        s.occurred_at,
        s.version_number,
        s.event_number,
        s.agent_id,
        s.ticket_id,
        s.event_name,
        s.actor_name,
        s.value_text,
        :run_id,
        :source_name
    from stage_ticket_events as s
    order by s.ticket_id, s.occurred_at, s.event_number
    on conflict (source_name, ticket_id, occurred_at, event_number) do update set
        version_number = excluded.version_number,
        agent_id = excluded.agent_id,
        event_name = excluded.event_name,
        actor_name = excluded.actor_name,
        value_text = excluded.value_text,
        run_id = excluded.run_id
    where
        t.version_number <= excluded.version_number
        and (
            t.version_number, t.agent_id, t.event_name, t.actor_name, t.value_text
        ) is distinct from (
            excluded.version_number, excluded.agent_id, excluded.event_name, excluded.actor_name,
            excluded.value_text
        )
    returning t.ticket_id, t.occurred_at, t.event_number
)

select
    0::bigint as changed_rows,
    coalesce(array_agg(distinct s.seq), '{}') as changed_seqs
from merged as m
inner join stage_ticket_events as s on m.ticket_id = s.ticket_id and m.occurred_at = s.occurred_at and m.event_number = s.event_number
