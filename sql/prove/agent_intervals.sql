-- Keeps the window's agent intervals as they are now.
-- Grain: one row per agent and 15 minutes.
insert into proof_rows (is_kept, table_name, row_key, of_name, place_text, row_data)
select
    :is_kept,
    'agent_intervals',
    i.agent_id::text || ' ' || extract(epoch from i.interval_start_at)::bigint,
    coalesce(o.agent_name, i.agent_id::text),
    to_char(i.interval_start_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI"Z"'),
    to_jsonb(i)
from warehouse.agent_intervals as i
left join warehouse.agents as o on i.agent_id = o.agent_id
where
    i.interval_start_at >= greatest(:window_start, (select ops.whole_from('agent_intervals')))
    and i.interval_start_at < :window_end
