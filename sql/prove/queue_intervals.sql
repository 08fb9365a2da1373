-- Keeps the window's queue intervals as they are now.
-- Grain: one row per queue and 15 minutes.
insert into proof_rows (is_kept, table_name, row_key, of_name, place_text, row_data)
select
    :is_kept,
    'queue_intervals',
    i.queue_id::text || ' ' || extract(epoch from i.interval_start_at)::bigint,
    coalesce(o.queue_name, i.queue_id::text),
    to_char(i.interval_start_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI"Z"'),
    to_jsonb(i)
from warehouse.queue_intervals as i
left join warehouse.queues as o on i.queue_id = o.queue_id
where
    i.interval_start_at >= greatest(:window_start, (select ops.whole_from('queue_intervals')))
    and i.interval_start_at < :window_end
