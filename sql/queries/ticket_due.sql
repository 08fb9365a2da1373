-- Which promises fall due next, and which are overdue?
-- Grain: one row per promise that was neither met nor ended at :as_of: the next 100 to fall due and the 100 longest overdue.
with open_targets as (
    select
        g.source_name,
        g.ticket_id,
        g.target_name,
        g.due_at,
        g.target_seconds,
        g.is_business,
        g.due_at <= :as_of as is_overdue,
        t.topic_name,
        t.group_name,
        t.priority_name,
        t.agent_id,
        t.url_text,
        row_number() over (partition by g.due_at <= :as_of order by g.due_at, g.source_name, g.ticket_id) as place_number
    from warehouse.ticket_targets as g
    inner join warehouse.tickets as t on g.source_name = t.source_name and g.ticket_id = t.ticket_id
    where
        g.due_at is not null and g.applied_at <= :as_of and (g.ended_at is null or g.ended_at > :as_of) and not t.is_deleted
        and (cast(:group_name as text) is null or coalesce(t.group_name, '') = :group_name)
        and (cast(:priority_name as text) is null or coalesce(t.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(t.channel_name, '') = :channel_name)
)

select
    o.source_name,
    o.ticket_id,
    o.topic_name,
    o.group_name,
    o.priority_name,
    a.agent_name,
    o.target_name,
    o.target_seconds,
    o.is_business,
    o.due_at,
    o.is_overdue,
    abs(floor(extract(epoch from o.due_at - :as_of))) as until_due_seconds,
    o.url_text
from open_targets as o
left join warehouse.agents as a on o.agent_id = a.agent_id
where o.place_number <= 100
order by o.is_overdue, o.due_at, o.source_name, o.ticket_id
