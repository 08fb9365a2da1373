-- For how long has the contact at the head of the queue been waiting at an instant?
-- Grain: one row per scope: seconds, 0 while nobody waits; n is the number of those who wait.
select
    s.scope_id,
    min(s.scope_name) as scope_name,
    coalesce(floor(extract(epoch from :as_of - min(c.offered_at))), 0) as value,
    count(c.queue_id) as n,
    ops.is_fresh('decided_calls', :scope_kind_name, s.scope_id, :as_of) as is_known
from ops.queue_scopes(:scope_kind_name, :scope_key) as s
left join warehouse.calls as c
    on
        s.queue_id = c.queue_id and c.offered_at <= :as_of and (c.answered_at is null or c.answered_at > :as_of)
        and (c.ended_at is null or (c.ended_at > :as_of and c.offered_at > :as_of - interval '1 day'))
        and c.direction_name = 'inbound'
group by s.scope_id
order by scope_name, s.scope_id
