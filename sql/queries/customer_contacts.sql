-- Which calls and tickets are of one customer, whom only a keyed hash names?
-- Grain: one row per stay in a queue and per ticket, the newest first; with :since_at only those that began then or later.
select
    'call' as kind_name,
    c.offered_at as started_at,
    c.answered_at,
    c.ended_at,
    c.source_name,
    c.call_id as record_id,
    c.contact_id,
    q.queue_name,
    a.agent_name,
    c.outcome_name,
    c.agent_id,
    c.topic_name
from warehouse.calls as c
inner join warehouse.queues as q on c.queue_id = q.queue_id
left join warehouse.agents as a on c.agent_id = a.agent_id
where
    c.customer_key = :customer_key
    and (cast(:since_at as timestamptz) is null or c.offered_at >= :since_at)
union all
select
    'ticket' as kind_name,
    t.created_at as started_at,
    t.first_reply_at as answered_at,
    t.resolved_at as ended_at,
    t.source_name,
    t.ticket_id as record_id,
    t.contact_id,
    t.group_name as queue_name,
    a.agent_name,
    t.status_name as outcome_name,
    t.agent_id,
    t.topic_name
from warehouse.tickets as t
left join warehouse.agents as a on t.agent_id = a.agent_id
where
    t.customer_key = :customer_key and not t.is_deleted
    and (cast(:since_at as timestamptz) is null or t.created_at >= :since_at)
order by started_at desc, record_id asc
