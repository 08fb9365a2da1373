-- Which requesters have waited longest for an answer to their last word?
-- Grain: one row per ticket unsolved at :as_of whose requester wrote last, the 100 longest.
select
    u.source_name,
    u.ticket_id,
    u.topic_name,
    u.group_name,
    u.priority_name,
    u.status_name,
    a.agent_name,
    u.owes_reply_since_at,
    floor(extract(epoch from :as_of - u.owes_reply_since_at)) as owed_seconds,
    u.url_text
from warehouse.unsolved_tickets(:as_of) as u
left join warehouse.agents as a on u.agent_id = a.agent_id
where
    u.owes_reply_since_at is not null
    and (cast(:group_name as text) is null or coalesce(u.group_name, '') = :group_name)
    and (cast(:priority_name as text) is null or coalesce(u.priority_name, '') = :priority_name)
    and (cast(:channel_name as text) is null or coalesce(u.channel_name, '') = :channel_name)
order by u.owes_reply_since_at, u.source_name, u.ticket_id
limit 100
