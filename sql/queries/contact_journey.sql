-- What one contact went through: its stays in queues, over transfers and callbacks, and the tickets made from it?
-- Grain: one row per stay or ticket, in the order of time; linked contacts in both directions are part of it.
with recursive contacts as (
    select
        given.source_name,
        given.contact_id
    from (
        select
            c.source_name,
            c.contact_id
        from warehouse.calls as c
        where c.contact_id = c.call_id and c.call_id = :contact_id
        union
        select
            c.source_name,
            c.contact_id
        from warehouse.calls as c
        where c.contact_id <> c.call_id and c.contact_id = :contact_id
        union
        select
            l.source_name,
            l.contact_id
        from warehouse.contact_links as l
        where l.contact_id = :contact_id
        union
        select
            t.source_name,
            t.contact_id
        from warehouse.tickets as t
        where t.contact_id = :contact_id
    ) as given
    union
    select
        case when l.source_name = c.source_name and l.contact_id = c.contact_id then l.linked_source_name else l.source_name end,
        case when l.source_name = c.source_name and l.contact_id = c.contact_id then l.linked_contact_id else l.contact_id end
    from contacts as c
    inner join warehouse.contact_links as l
        on
            (l.source_name = c.source_name and l.contact_id = c.contact_id)
            or (l.linked_source_name = c.source_name and l.linked_contact_id = c.contact_id)
),

found as (
    select s.*
    from contacts as c
    inner join warehouse.calls as s
        on c.source_name = s.source_name and s.contact_id = s.call_id and c.contact_id = s.call_id
    union all
    select s.*
    from contacts as c
    inner join warehouse.calls as s
        on c.source_name = s.source_name and s.contact_id <> s.call_id and c.contact_id = s.contact_id
),

stays as (
    select
        'call' as kind_name,
        s.offered_at as started_at,
        s.answered_at,
        s.ended_at,
        s.wait_seconds,
        s.source_name,
        s.call_id,
        s.contact_id,
        q.queue_name,
        a.agent_name,
        s.outcome_name,
        s.transfer_kind_name,
        s.transferred_to_name,
        s.customer_key
    from found as s
    inner join warehouse.queues as q on s.queue_id = q.queue_id
    left join warehouse.agents as a on s.agent_id = a.agent_id
)

select
    s.kind_name,
    s.started_at,
    s.answered_at,
    s.ended_at,
    s.wait_seconds,
    s.source_name,
    s.call_id as record_id,
    s.contact_id,
    s.queue_name,
    s.agent_name,
    s.outcome_name,
    s.transfer_kind_name,
    s.transferred_to_name,
    s.customer_key
from stays as s
union all
select
    'ticket' as kind_name,
    t.created_at as started_at,
    t.first_reply_at as answered_at,
    t.resolved_at as ended_at,
    t.first_reply_seconds as wait_seconds,
    t.source_name,
    t.ticket_id as record_id,
    t.contact_id,
    t.group_name as queue_name,
    a.agent_name,
    t.status_name as outcome_name,
    null as transfer_kind_name,
    null as transferred_to_name,
    t.customer_key
from warehouse.tickets as t
left join warehouse.agents as a on t.agent_id = a.agent_id
where
    t.call_id in (select s.call_id from stays as s)
    or (t.contact_id is not null and t.contact_id in (select c.contact_id from contacts as c))
order by started_at, record_id
