-- What one contact went through: its stays in queues, over transfers and callbacks, and the tickets made from it?
-- Grain: one row per source that knows the contact (or the one asked for) and stay or ticket, in the order of time; linked
-- contacts in both directions are part of it. Two systems may use one id for two contacts: a contact is its source and its id.
with recursive given as (
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
        l.linked_source_name,
        l.linked_contact_id
    from warehouse.contact_links as l
    where l.linked_contact_id = :contact_id
),

asked as (
    select
        g.source_name,
        g.contact_id
    from given as g
    where cast(:source_name as text) is null or g.source_name = :source_name
    union
    -- A ticket may name the contact of a phone system, which then knows it; or it is a contact of its own.
    select
        t.source_name,
        t.contact_id
    from warehouse.tickets as t
    where
        t.contact_id = :contact_id and (cast(:source_name as text) is null or t.source_name = :source_name)
        and (
            cast(:source_name as text) is not null or t.contact_id = t.ticket_id
            or (select count(*) from given) = 0
        )
    union
    -- A ticket is also found by its own number.
    select
        t.source_name,
        coalesce(t.contact_id, t.ticket_id)
    from warehouse.tickets as t
    where
        t.ticket_id = :contact_id and t.contact_id is distinct from t.ticket_id
        and (
            t.source_name = :source_name
            or (cast(:source_name as text) is null and (select count(*) from given) = 0)
        )
),

contacts as (
    select
        a.source_name as asked_source_name,
        a.source_name,
        a.contact_id
    from asked as a
    union
    select
        c.asked_source_name,
        n.source_name,
        n.contact_id
    from contacts as c
    cross join lateral (
        -- offset 0, here and below, keeps the planner from joining with all rows: each contact's are found by an index.
        select
            b.source_name,
            b.contact_id
        from (
            select
                l.linked_source_name as source_name,
                l.linked_contact_id as contact_id
            from warehouse.contact_links as l
            where l.source_name = c.source_name and l.contact_id = c.contact_id
            union all
            select
                l.source_name,
                l.contact_id
            from warehouse.contact_links as l
            where l.linked_source_name = c.source_name and l.linked_contact_id = c.contact_id
        ) as b
        offset 0
    ) as n
),

namesakes as materialized (
    select s.*
    from (select distinct c.contact_id from contacts as c) as i
    cross join lateral (
        select o.*
        from warehouse.calls as o
        where o.call_id = i.contact_id and o.contact_id = o.call_id
        offset 0
    ) as s
    union all
    select s.*
    from (select distinct c.contact_id from contacts as c) as i
    cross join lateral (
        select o.*
        from warehouse.calls as o
        where o.contact_id = i.contact_id and o.contact_id <> o.call_id
        offset 0
    ) as s
),

stays as materialized (
    select
        c.asked_source_name,
        s.offered_at,
        s.answered_at,
        s.ended_at,
        s.wait_seconds,
        s.source_name,
        s.call_id,
        s.contact_id,
        s.queue_id,
        s.agent_id,
        s.outcome_name,
        s.transfer_kind_name,
        s.transferred_to_name,
        s.customer_key,
        s.stay_number,
        s.channel_name,
        s.direction_name,
        s.ring_seconds,
        s.talk_seconds,
        s.hold_seconds,
        s.wrap_up_seconds,
        s.ended_by_name,
        s.topic_name,
        s.csat_score,
        s.is_resolved,
        s.run_id,
        s.version_number,
        s.place_text
    from contacts as c
    inner join namesakes as s on c.source_name = s.source_name and c.contact_id = s.contact_id
),

namesake_calls as materialized (
    select
        c.source_name,
        c.call_id,
        c.contact_id
    from (select distinct s.call_id from stays as s) as i
    cross join lateral (
        select
            o.source_name,
            o.call_id,
            o.contact_id
        from warehouse.calls as o
        where o.call_id = i.call_id
        offset 0
    ) as c
),

-- A ticket of another system than the call's: it must be the same customer's, or no other contact may have that id.
ticket_ids as (
    select
        s.asked_source_name,
        t.source_name,
        t.ticket_id
    from stays as s
    inner join warehouse.tickets as t on s.call_id = t.call_id
    where
        t.source_name = s.source_name
        or (
            not exists (
                select 1 from namesake_calls as o
                where o.call_id = t.call_id and o.source_name = t.source_name
            )
            and (
                t.customer_key = s.customer_key
                or not exists (
                    select 1 from namesake_calls as o
                    where
                        o.call_id = t.call_id
                        and not exists (
                            select 1 from contacts as c
                            where
                                c.asked_source_name = s.asked_source_name and c.source_name = o.source_name
                                and c.contact_id = o.contact_id
                        )
                )
            )
        )
    union
    select
        c.asked_source_name,
        t.source_name,
        t.ticket_id
    from contacts as c
    inner join warehouse.tickets as t on c.contact_id = t.ticket_id and c.source_name = t.source_name
    where t.contact_id is null
    union
    select
        c.asked_source_name,
        t.source_name,
        t.ticket_id
    from contacts as c
    inner join warehouse.tickets as t on c.contact_id = t.contact_id
    where
        t.source_name = c.source_name
        or (
            t.contact_id <> t.ticket_id
            and not exists (
                select 1 from namesakes as o
                where o.contact_id = t.contact_id and o.source_name = t.source_name
            )
            and (
                exists (
                    select 1 from namesakes as o
                    where
                        o.contact_id = t.contact_id and o.source_name = c.source_name
                        and o.customer_key = t.customer_key
                )
                or not exists (
                    select 1 from namesakes as o
                    where
                        o.contact_id = t.contact_id
                        and not exists (
                            select 1 from contacts as m
                            where
                                m.asked_source_name = c.asked_source_name and m.source_name = o.source_name
                                and m.contact_id = o.contact_id
                        )
                )
            )
        )
)

select
    s.asked_source_name,
    'call' as kind_name,
    s.offered_at as started_at,
    s.answered_at,
    s.ended_at,
    s.wait_seconds,
    s.source_name,
    s.call_id as record_id,
    s.contact_id,
    q.queue_name,
    a.agent_name,
    s.outcome_name,
    s.transfer_kind_name,
    s.transferred_to_name,
    s.customer_key,
    s.stay_number,
    s.queue_id,
    s.agent_id,
    s.channel_name,
    s.direction_name,
    s.ring_seconds,
    s.talk_seconds,
    s.hold_seconds,
    s.wrap_up_seconds,
    s.ended_by_name,
    s.topic_name,
    s.csat_score,
    s.is_resolved,
    s.run_id,
    s.version_number,
    s.place_text,
    cast(null as text) as url_text
from stays as s
inner join warehouse.queues as q on s.queue_id = q.queue_id
left join warehouse.agents as a on s.agent_id = a.agent_id
union all
select
    i.asked_source_name,
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
    t.customer_key,
    null as stay_number,
    null as queue_id,
    t.agent_id,
    t.channel_name,
    null as direction_name,
    null as ring_seconds,
    null as talk_seconds,
    null as hold_seconds,
    null as wrap_up_seconds,
    null as ended_by_name,
    t.topic_name,
    t.csat_score,
    null as is_resolved,
    t.run_id,
    t.version_number,
    null as place_text,
    t.url_text
from ticket_ids as i
cross join lateral (
    select o.*
    from warehouse.tickets as o
    where o.source_name = i.source_name and o.ticket_id = i.ticket_id
    offset 0
) as t
left join warehouse.agents as a on t.agent_id = a.agent_id
where not t.is_deleted
order by started_at, source_name, record_id
