-- Were the promises (SLA) that fell due in a window kept, by kind of promise and priority?
-- Grain: one row per kind of promise, priority (empty text: none) and kind of hours. Due: met, or past its instant at :as_of; open
-- and overdue counts as missed. Running: not due yet. A promise that was withdrawn before it fell due counts nowhere.
select
    g.target_name,
    coalesce(t.priority_name, '') as priority_name,
    g.is_business,
    count(*) filter (where g.met_at <= :as_of or g.due_at <= :as_of) as due_targets_tickets,
    count(*) filter (where g.met_at <= :as_of and g.met_at <= g.due_at) as met_targets_tickets,
    count(*) filter (where g.due_at <= :as_of and g.ended_at <= :as_of and (g.met_at is null or g.met_at > g.due_at))
        as late_targets_tickets,
    count(*) filter (where g.due_at <= :as_of and (g.ended_at is null or g.ended_at > :as_of)) as overdue_targets_tickets,
    count(*) filter (where g.due_at > :as_of and (g.ended_at is null or g.ended_at > :as_of)) as running_targets_tickets,
    min(g.target_seconds) as shortest_target_seconds,
    max(g.target_seconds) as longest_target_seconds
from warehouse.ticket_targets as g
inner join warehouse.tickets as t on g.source_name = t.source_name and g.ticket_id = t.ticket_id
where
    g.due_at >= :window_start and g.due_at < :window_end and g.applied_at <= :as_of and not t.is_deleted
    and (g.ended_at is null or g.ended_at > :as_of or g.ended_at > g.due_at or g.met_at is not null)
    and (cast(:group_name as text) is null or coalesce(t.group_name, '') = :group_name)
    and (cast(:priority_name as text) is null or coalesce(t.priority_name, '') = :priority_name)
    and (cast(:channel_name as text) is null or coalesce(t.channel_name, '') = :channel_name)
group by g.target_name, coalesce(t.priority_name, ''), g.is_business
order by g.target_name, priority_name, g.is_business
