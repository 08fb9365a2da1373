-- For which parts of the site can something be measured by itself: queues, groups of queues, teams, sources?
-- Grain: one row per queue, group, team and source that is read.
select
    'queue' as scope_kind_name,
    cast(q.queue_id as text) as scope_key,
    q.queue_name as scope_name
from warehouse.queues as q
where q.is_active
union all
select distinct
    'group',
    g.group_name,
    g.group_name
from (
    select q.group_name from warehouse.queues as q
    union
    select t.group_name from warehouse.tickets as t
) as g
where g.group_name <> ''
union all
select
    'team',
    cast(t.team_id as text),
    t.team_name
from warehouse.teams as t
union all
select
    'source',
    c.source_name,
    c.source_name
from ops.cursors as c
left join ops.sources as k on c.source_name = k.source_name
where k.source_name is null or (k.kind_name <> 'upload' and k.is_current)
order by scope_kind_name, scope_name, scope_key
