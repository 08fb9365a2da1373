-- Lets one transaction at a time roll up the queues and agents of several sources: each must see what the other brought.
-- Grain: one row.
with noted as (
    select
        'queue' as kind_name,
        d.queue_id as of_id
    from dirty_queue_intervals as d
    inner join warehouse.queue_keys as k on d.queue_id = k.queue_id
    group by d.queue_id
    having count(distinct k.source_name) > 1
    union all
    select
        'agent' as kind_name,
        d.agent_id as of_id
    from dirty_agent_intervals as d
    inner join warehouse.agent_keys as k on d.agent_id = k.agent_id
    group by d.agent_id
    having count(distinct k.source_name) > 1
)

select count(ops.wait_for_turn(hashtext('warehouse.' || n.kind_name || '_intervals'), n.of_id)) as locked_count
from (
    select
        m.kind_name,
        m.of_id
    from noted as m
    order by m.kind_name, m.of_id
    offset 0
) as n
