-- Merges the staged visits to a menu, a bot or a help page: newer versions win, what changes nothing is left alone.
-- Grain: one row: the source's rows that changed something.
with merged as (
    insert into warehouse.self_services as t (
        started_at, ended_at, version_number, queue_id, outcome_name, visit_id, channel_name, flow_name, choices_text,
        topic_name, contact_id, customer_key, run_id, source_name
    )
    select
        s.started_at,
        s.ended_at,
        s.version_number,
        s.queue_id,
        s.outcome_name,
        s.visit_id,
        s.channel_name,
        s.flow_name,
        s.choices_text,
        s.topic_name,
        s.contact_id,
        s.customer_key,
        :run_id,
        :source_name
    from stage_self_services as s
    order by s.visit_id
    on conflict (source_name, visit_id) do update set
        started_at = excluded.started_at,
        ended_at = excluded.ended_at,
        version_number = excluded.version_number,
        queue_id = excluded.queue_id,
        outcome_name = excluded.outcome_name,
        channel_name = excluded.channel_name,
        flow_name = excluded.flow_name,
        choices_text = excluded.choices_text,
        topic_name = excluded.topic_name,
        contact_id = excluded.contact_id,
        customer_key = excluded.customer_key,
        run_id = excluded.run_id
    where
        t.version_number <= excluded.version_number
        and (
            t.started_at, t.ended_at, t.version_number, t.queue_id, t.outcome_name, t.channel_name, t.flow_name,
            t.choices_text, t.topic_name, t.contact_id, t.customer_key
        ) is distinct from (
            excluded.started_at, excluded.ended_at, excluded.version_number, excluded.queue_id, excluded.outcome_name,
            excluded.channel_name, excluded.flow_name, excluded.choices_text, excluded.topic_name,
            excluded.contact_id, excluded.customer_key
        )
    returning t.visit_id
)

select
    0::bigint as changed_rows,
    coalesce(array_agg(distinct s.seq), '{}') as changed_seqs
from merged as m
inner join stage_self_services as s on m.visit_id = s.visit_id
