-- Links a request to call back with the contact that kept it: the customer's first answered call within a day.
-- Grain: one row per new or changed link. In whatever order the two are loaded, the link is the same.
with told as materialized (
    select distinct s.customer_key
    from stage_calls as s
    where s.customer_key is not null
),

told_between as materialized (
    select
        min(s.offered_at) as first_at,
        max(s.offered_at) as last_at
    from stage_calls as s
),

asked as materialized (
    select
        c.source_name,
        c.contact_id,
        c.customer_key,
        c.ended_at
    from warehouse.calls as c
    inner join told as t on c.customer_key = t.customer_key
    where
        c.outcome_name = 'callback'
        and c.offered_at >= (select b.first_at - interval '1 day' from told_between as b)
        and c.offered_at <= (select b.last_at from told_between as b)
),

kept as (
    select distinct on (k.source_name, k.contact_id)
        k.answered_at,
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
            and c.offered_at >= a.ended_at and c.offered_at < a.ended_at + interval '1 day'
            and (c.source_name <> a.source_name or c.contact_id <> a.contact_id)
        order by c.offered_at, c.source_name, c.contact_id
        limit 1
    ) as k
    order by k.source_name, k.contact_id, a.ended_at desc, a.source_name, a.contact_id
)

insert into warehouse.contact_links as l (
    linked_at, run_id, source_name, contact_id, linked_source_name, linked_contact_id, link_name
)
select
    k.answered_at,
    :run_id,
    k.source_name,
    k.contact_id,
    k.linked_source_name,
    k.linked_contact_id,
    'callback'
from kept as k
on conflict (source_name, contact_id, link_name) do update set
    linked_at = excluded.linked_at,
    run_id = excluded.run_id,
    linked_source_name = excluded.linked_source_name,
    linked_contact_id = excluded.linked_contact_id
where
    (l.linked_at, l.linked_source_name, l.linked_contact_id)
    is distinct from (excluded.linked_at, excluded.linked_source_name, excluded.linked_contact_id)
