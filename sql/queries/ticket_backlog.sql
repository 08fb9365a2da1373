-- Which tickets were not solved at an instant: how many, how old, how urgent, whose?
-- Grain: one row per ticket group, priority (empty text: none), status and band of age.
select
    coalesce(u.group_name, '') as group_name,
    coalesce(u.priority_name, '') as priority_name,
    u.status_name,
    case
        when u.created_at > :as_of - interval '1 day' then 'under_1_day'
        when u.created_at > :as_of - interval '3 days' then '1_to_3_days'
        when u.created_at > :as_of - interval '7 days' then '3_to_7_days'
        when u.created_at > :as_of - interval '14 days' then '7_to_14_days'
        when u.created_at > :as_of - interval '30 days' then '14_to_30_days'
        else '30_days_and_more'
    end as age_name,
    count(*) as backlog_tickets,
    sum(floor(extract(epoch from :as_of - u.created_at))) as backlog_age_seconds,
    min(u.created_at) as oldest_created_at
from warehouse.unsolved_tickets(:as_of) as u
where
    (cast(:group_name as text) is null or coalesce(u.group_name, '') = :group_name)
    and (cast(:priority_name as text) is null or coalesce(u.priority_name, '') = :priority_name)
    and (cast(:channel_name as text) is null or coalesce(u.channel_name, '') = :channel_name)
group by coalesce(u.group_name, ''), coalesce(u.priority_name, ''), u.status_name, age_name
order by group_name, priority_name, u.status_name, age_name
