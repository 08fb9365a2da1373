-- Notes the local days on which these tickets count, to roll them up again.
-- Grain: one row per day and group, several times where several tickets touch it.
with zone as (
    select min(s.time_zone_name) as time_zone_name from warehouse.sites as s
),

touched as (
    select
        t.ticket_id,
        t.created_at,
        coalesce(t.group_name, '') as group_name,
        array[t.created_at, t.last_resolved_at] as instants
    from warehouse.tickets as t
    where t.source_name = :source_name and t.ticket_id = any(cast(:ticket_ids as text []))
),

instants as (
    select
        t.group_name,
        i.counts_at
    from touched as t
    cross join lateral unnest(t.instants) as i (counts_at)
    union all
    select
        t.group_name,
        g.due_at
    from touched as t
    inner join warehouse.ticket_targets as g on t.ticket_id = g.ticket_id and g.source_name = :source_name
    union all
    select
        t.group_name,
        greatest(e.occurred_at, t.created_at)
    from touched as t
    inner join warehouse.ticket_events as e on t.ticket_id = e.ticket_id and e.source_name = :source_name
    where e.event_name = 'status' and e.value_text in ('solved', 'closed')
)

insert into dirty_ticket_days (day_date, group_name)
select distinct
    (i.counts_at at time zone z.time_zone_name)::date as day_date,
    i.group_name
from instants as i
cross join zone as z
where i.counts_at is not null
