-- Links a request to call back with the contact that kept it: the first answered call to the customer, or of the customer.
-- Grain: one row per new or changed link. A call to the customer keeps it within seven days, the customer's own within one. Counted
-- anew from all calls of every customer whom the batch touches, so that the
-- order in which calls are told does not matter, and a link goes with the calls that it was made of.
with touched as materialized (
    select s.customer_key
    from stage_calls as s
    where s.customer_key is not null
    union
    select k.customer_key
    from stage_calls as s
    inner join warehouse.kept_callbacks as k on s.contact_id = k.contact_id
    union
    select k.customer_key
    from stage_calls as s
    inner join warehouse.kept_callbacks as k on s.contact_id = k.linked_contact_id
),

-- A few customers are looked up one by one (offset 0), of many all requests are read once.
asked as materialized (
    select
        c.source_name,
        c.contact_id,
        c.customer_key,
        c.ended_at
    from touched as t
    cross join lateral (
        select
            o.source_name,
            o.contact_id,
            o.customer_key,
            o.ended_at
        from warehouse.calls as o
        where o.customer_key = t.customer_key and o.outcome_name = 'callback'
        offset 0
    ) as c
    where (select count(*) from touched) <= 1000
    union
    select
        c.source_name,
        c.contact_id,
        c.customer_key,
        c.ended_at
    from touched as t
    inner join warehouse.calls as c on t.customer_key = c.customer_key
    where c.outcome_name = 'callback' and (select count(*) from touched) > 1000
),

kept as materialized (
    select distinct on (k.contact_id, k.source_name, a.contact_id, a.source_name)
        k.answered_at,
        a.customer_key,
        k.source_name,
        k.contact_id,
        a.source_name as linked_source_name,
        a.contact_id as linked_contact_id
    from asked as a
    cross join lateral (
        select
            c.answered_at,
            c.source_name,
            c.contact_id
        from warehouse.calls as c
        where
            c.customer_key = a.customer_key and c.answered_at is not null
            and c.offered_at >= a.ended_at and c.offered_at < a.ended_at + interval '7 days'
            and (c.direction_name = 'outbound' or c.offered_at < a.ended_at + interval '1 day')
        order by c.offered_at, c.source_name, c.contact_id, c.answered_at
        limit 1
    ) as k
    where k.source_name <> a.source_name or k.contact_id <> a.contact_id
    order by k.contact_id, k.source_name, a.contact_id, a.source_name, k.answered_at, a.customer_key
),

gone as (
    delete from warehouse.kept_callbacks as l
    using touched as t
    where
        l.customer_key = t.customer_key
        and not exists (
            select 1 from kept as k
            where
                k.contact_id = l.contact_id and k.source_name = l.source_name
                and k.linked_contact_id = l.linked_contact_id and k.linked_source_name = l.linked_source_name
        )
)

insert into warehouse.kept_callbacks as l (
    linked_at, run_id, customer_key, source_name, contact_id, linked_source_name, linked_contact_id
)
select
    k.answered_at,
    :run_id,
    k.customer_key,
    k.source_name,
    k.contact_id,
    k.linked_source_name,
    k.linked_contact_id
from kept as k
order by k.contact_id, k.source_name, k.linked_contact_id, k.linked_source_name
on conflict (contact_id, source_name, linked_contact_id, linked_source_name) do update set
    linked_at = excluded.linked_at,
    run_id = excluded.run_id,
    customer_key = excluded.customer_key
where (l.linked_at, l.customer_key) is distinct from (excluded.linked_at, excluded.customer_key)
