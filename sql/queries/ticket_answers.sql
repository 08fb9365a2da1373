-- Who owes an answer: we to the requester, or the requester to us?
-- Grain: one row per ticket group (empty text: none) and assigned agent (null: none), over the tickets unsolved at :as_of. We owe:
-- the requester wrote last. The requester owes: the ticket is pending and we do not. The rest waits for neither.
select
    coalesce(u.group_name, '') as group_name,
    a.agent_id,
    a.agent_name,
    count(*) as backlog_tickets,
    count(u.owes_reply_since_at) as owed_tickets,
    sum(floor(extract(epoch from :as_of - u.owes_reply_since_at))) as owed_wait_seconds,
    min(u.owes_reply_since_at) as oldest_owed_at,
    count(*) filter (where u.owes_reply_since_at is null and u.status_name = 'pending') as requester_owes_tickets
from warehouse.unsolved_tickets(:as_of) as u
left join warehouse.agents as a on u.agent_id = a.agent_id and (select warehouse.is_individual('tickets'))
where
    (cast(:group_name as text) is null or coalesce(u.group_name, '') = :group_name)
    and (cast(:priority_name as text) is null or coalesce(u.priority_name, '') = :priority_name)
    and (cast(:channel_name as text) is null or coalesce(u.channel_name, '') = :channel_name)
group by coalesce(u.group_name, ''), a.agent_id, a.agent_name
order by owed_tickets desc, group_name, a.agent_name, a.agent_id
