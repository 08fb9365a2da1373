-- The newest moves of keys, and how far the load has come with them.
-- Grain: one row per move.
select
    m.move_id,
    m.asked_at,
    m.done_at,
    m.kind_name,
    m.source_name,
    m.source_key,
    coalesce(fa.agent_name, fq.queue_name) as from_name,
    coalesce(ta.agent_name, tq.queue_name) as to_name,
    m.has_past,
    m.moved_rows,
    m.error_text
from ops.key_moves as m
left join warehouse.agents as fa on m.kind_name = 'agent' and m.from_id = fa.agent_id
left join warehouse.agents as ta on m.kind_name = 'agent' and m.to_id = ta.agent_id
left join warehouse.queues as fq on m.kind_name = 'queue' and m.from_id = fq.queue_id
left join warehouse.queues as tq on m.kind_name = 'queue' and m.to_id = tq.queue_id
order by m.move_id desc
limit 50
