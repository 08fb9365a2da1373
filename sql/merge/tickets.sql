-- Merges what sources say of tickets (their measures are counted afterwards): newer versions win, no change is left alone.
-- Grain: one row: the source's rows that changed something.
with merged as (
    insert into warehouse.tickets as t (
        created_at, updated_at, version_number, is_told_deleted, ticket_id, contact_id, call_id, channel_name,
        customer_key, topic_name, url_text, run_id, source_name
    )
    select
        s.created_at,
        s.updated_at,
        s.version_number,
        coalesce(s.is_deleted, false),
        s.ticket_id,
        s.contact_id,
        s.call_id,
        s.channel_name,
        s.customer_key,
        s.topic_name,
        s.url_text,
        :run_id,
        :source_name
    from stage_tickets as s
    order by s.ticket_id
    on conflict (source_name, ticket_id) do update set
        created_at = excluded.created_at,
        updated_at = excluded.updated_at,
        version_number = excluded.version_number,
        is_told_deleted = excluded.is_told_deleted,
        contact_id = excluded.contact_id,
        call_id = excluded.call_id,
        channel_name = excluded.channel_name,
        customer_key = excluded.customer_key,
        topic_name = excluded.topic_name,
        url_text = excluded.url_text,
        run_id = excluded.run_id
    where
        t.version_number <= excluded.version_number
        and (
            t.created_at, t.updated_at, t.version_number, t.is_told_deleted, t.contact_id, t.call_id, t.channel_name,
            t.customer_key, t.topic_name, t.url_text
        ) is distinct from (
            excluded.created_at, excluded.updated_at, excluded.version_number, excluded.is_told_deleted,
            excluded.contact_id, excluded.call_id, excluded.channel_name, excluded.customer_key,
            excluded.topic_name, excluded.url_text
        )
    returning t.ticket_id
)

select
    0::bigint as changed_rows,
    coalesce(array_agg(distinct s.seq), '{}') as changed_seqs
from merged as m
inner join stage_tickets as s on m.ticket_id = s.ticket_id
