-- Keeps the measures and promises of these tickets as they are now.
-- Grain: one row per ticket; one row per promise. What its source tells of a ticket is no measure.
insert into proof_rows (is_kept, table_name, row_key, of_name, place_text, row_data)
select
    :is_kept,
    'tickets',
    t.ticket_id,
    t.source_name,
    'ticket ' || t.ticket_id,
    to_jsonb(t) - array[
        'created_at', 'updated_at', 'version_number', 'run_id', 'is_told_deleted', 'contact_id', 'call_id', 'channel_name',
        'customer_key', 'topic_name', 'url_text'
    ]
from warehouse.tickets as t
where t.source_name = :source_name and t.ticket_id = any(cast(:ticket_ids as text []))
union all
select
    :is_kept,
    'ticket_targets',
    g.ticket_id || chr(31) || g.target_name || chr(31) || extract(epoch from g.applied_at),
    g.source_name,
    'ticket ' || g.ticket_id || ', promise ' || g.target_name || ' of '
    || to_char(g.applied_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"'),
    to_jsonb(g)
from warehouse.ticket_targets as g
where g.source_name = :source_name and g.ticket_id = any(cast(:ticket_ids as text []))
