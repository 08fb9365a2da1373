-- From where to where were contacts passed on in a window, and how far did their chains go?
-- Grain: one row per answered stay that its agent passed on, offered in the window; next_* is the stay that followed in the chain.
select
    c.queue_id,
    q.queue_name,
    q.group_name,
    c.source_name,
    c.call_id,
    c.contact_id,
    c.offered_at,
    c.ended_at,
    a.agent_name,
    c.transfer_kind_name,
    c.transferred_to_name,
    n.queue_name as next_queue_name,
    n.outcome_name as next_outcome_name,
    n.wait_seconds as next_wait_seconds,
    b.stay_number as chain_number
from warehouse.calls as c
inner join warehouse.queues as q on c.queue_id = q.queue_id
left join warehouse.agents as a on c.agent_id = a.agent_id
left join lateral (
    select
        p.queue_name,
        f.outcome_name,
        f.wait_seconds
    from (
        select
            s.queue_id,
            s.offered_at,
            s.outcome_name,
            s.wait_seconds
        from warehouse.calls as s
        where
            s.source_name = c.source_name and s.offered_at > c.offered_at
            -- Said so that both indexes serve: contacts whose id is that of their call, and the others.
            and (
                (s.call_id = c.contact_id and s.contact_id = s.call_id)
                or (s.contact_id = c.contact_id and s.contact_id <> s.call_id)
            )
        union all
        select
            s.queue_id,
            s.offered_at,
            s.outcome_name,
            s.wait_seconds
        from warehouse.contact_links as l
        inner join warehouse.calls as s
            on
                l.source_name = s.source_name
                and (
                    (l.contact_id = s.call_id and s.contact_id = s.call_id)
                    or (l.contact_id = s.contact_id and s.contact_id <> s.call_id)
                )
        where
            l.link_name = 'transfer' and l.linked_contact_id = c.contact_id and l.linked_source_name = c.source_name
            and s.offered_at > c.offered_at
    ) as f
    inner join warehouse.queues as p on f.queue_id = p.queue_id
    order by f.offered_at
    limit 1
) as n on true
cross join lateral (
    -- Which handover of its contact it is: 1 for the first.
    select count(*) as stay_number
    from warehouse.calls as s
    where
        s.source_name = c.source_name and s.transfer_kind_name is not null and s.offered_at <= c.offered_at
        and (
            (s.call_id = c.contact_id and s.contact_id = s.call_id)
            or (s.contact_id = c.contact_id and s.contact_id <> s.call_id)
        )
) as b
where
    c.transfer_kind_name is not null and c.direction_name = 'inbound'
    and c.offered_at >= :window_start and c.offered_at < :window_end
    and (cast(:queue_id as integer) is null or c.queue_id = :queue_id)
    and (cast(:group_name as text) is null or coalesce(q.group_name, '') = :group_name)
order by c.offered_at, c.source_name, c.call_id
