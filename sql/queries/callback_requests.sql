-- What became of each callback that was asked for in a window?
-- Grain: one row per stay that left its queue for a callback, offered in the window. Reached: a later contact that keeps the
-- request was answered by :as_of; given up: not reached within seven days. The promise is the queue's, a day without one.
select
    c.queue_id,
    q.queue_name,
    q.group_name,
    c.source_name,
    c.call_id,
    c.contact_id,
    c.ended_at as requested_at,
    c.ended_at + make_interval(secs => coalesce(q.callback_promise_seconds, 86400)) as promised_at,
    k.tried_at,
    k.reached_at,
    k.agent_name,
    k.reached_at is not null as is_reached,
    k.reached_at is null and c.ended_at + interval '7 days' <= :as_of as is_given_up,
    c.ended_at + make_interval(secs => coalesce(q.callback_promise_seconds, 86400)) <= :as_of as is_due,
    coalesce(
        k.reached_at <= c.ended_at + make_interval(secs => coalesce(q.callback_promise_seconds, 86400)), false
    ) as is_kept
from warehouse.calls as c
inner join warehouse.queues as q on c.queue_id = q.queue_id
left join lateral (
    select
        min(n.offered_at) as tried_at,
        min(n.answered_at) as reached_at,
        (array_agg(a.agent_name order by n.answered_at) filter (where n.answered_at is not null))[1] as agent_name
    from warehouse.contact_links as l
    inner join warehouse.calls as n
        -- Said so that both indexes serve: contacts whose id is that of their call, and the others.
        on
            l.source_name = n.source_name and n.offered_at >= c.offered_at
            and (
                (l.contact_id = n.call_id and n.contact_id = n.call_id)
                or (l.contact_id = n.contact_id and n.contact_id <> n.call_id)
            )
    left join warehouse.agents as a on n.agent_id = a.agent_id
    where
        l.link_name = 'callback' and l.linked_contact_id = c.contact_id and l.linked_source_name = c.source_name
        and n.offered_at <= :as_of
) as k on true
where
    c.outcome_name = 'callback' and c.direction_name = 'inbound'
    and c.offered_at >= :window_start and c.offered_at < :window_end and c.ended_at <= :as_of
    and (cast(:queue_id as integer) is null or c.queue_id = :queue_id)
    and (cast(:group_name as text) is null or coalesce(q.group_name, '') = :group_name)
order by c.ended_at, c.source_name, c.call_id
