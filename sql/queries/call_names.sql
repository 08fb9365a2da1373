-- Which queues, groups, channels, topics, teams, agents, sites and timetables can a reader narrow a view down to?
-- Grain: one row per kind and name; name_id where it goes by a number. An empty name_text stands for those without one.
with recursive topics as (
    select min(c.topic_name) as topic_name from warehouse.calls as c where c.topic_name is not null
    union all
    select (select min(c.topic_name) from warehouse.calls as c where c.topic_name > t.topic_name)
    from topics as t
    where t.topic_name is not null
),

channels as (
    select min(c.channel_name) as channel_name from warehouse.calls as c where c.channel_name <> 'call'
    union all
    select (
        select min(c.channel_name) from warehouse.calls as c
        where c.channel_name <> 'call' and c.channel_name > t.channel_name
    )
    from channels as t
    where t.channel_name is not null
),

named as (
    select
        'queue' as kind_name,
        q.queue_id as name_id,
        q.queue_name as name_text,
        q.is_active
    from warehouse.queues as q
    union all
    select distinct
        'group',
        null::integer,
        coalesce(q.group_name, ''),
        true
    from warehouse.queues as q
    where exists (select 1 from warehouse.queues as g where g.group_name is not null)
    union all
    select
        'channel',
        null,
        c.channel_name,
        true
    from channels as c
    where c.channel_name is not null
    union all
    select
        'channel',
        null,
        'call',
        true
    where exists (select 1 from warehouse.queues)
    union all
    select
        'topic',
        null,
        t.topic_name,
        true
    from topics as t
    where t.topic_name is not null
    union all
    select
        'topic',
        null,
        '',
        true
    from topics as t
    where t.topic_name = (select min(f.topic_name) from topics as f)
    union all
    select
        'team',
        t.team_id,
        t.team_name,
        true
    from warehouse.teams as t
    union all
    select
        'agent',
        a.agent_id,
        a.agent_name,
        a.is_active
    from warehouse.agents as a
    union all
    select distinct
        'site',
        null::integer,
        coalesce(a.site_name, ''),
        true
    from warehouse.agents as a
    where exists (select 1 from warehouse.agents as g where g.site_name is not null)
    union all
    select distinct
        'schedule',
        null::integer,
        h.schedule_name,
        true
    from warehouse.business_hours as h
)

select
    n.kind_name,
    n.name_id,
    n.name_text,
    n.is_active
from named as n
order by n.kind_name, n.is_active desc, n.name_text, n.name_id
