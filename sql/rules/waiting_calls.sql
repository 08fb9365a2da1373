-- How many contacts are waiting at an instant?
-- Grain: one row per scope; n is the number of those who wait.
select
    s.scope_id,
    min(s.scope_name) as scope_name,
    cast(count(c.queue_id) as double precision) as value,
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
