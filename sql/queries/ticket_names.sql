-- By which groups, priorities and channels can tickets be told apart?
-- Grain: one row per name of a kind (group, priority, channel); an empty text stands for tickets without one.
with known as (
    select
        t.group_name,
        t.priority_name,
        t.channel_name,
        count(*) as tickets
    from warehouse.tickets as t
    where t.created_at <= :as_of and not t.is_deleted
    group by t.group_name, t.priority_name, t.channel_name
)

select
    v.kind_name,
    v.value_name,
    sum(k.tickets) as created_tickets
from known as k
cross join lateral (
    values
    ('group', coalesce(k.group_name, '')), ('priority', coalesce(k.priority_name, '')), ('channel', coalesce(k.channel_name, ''))
) as v (kind_name, value_name)
group by v.kind_name, v.value_name
order by v.kind_name, v.value_name
