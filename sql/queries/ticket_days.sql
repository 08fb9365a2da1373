-- How did the flow of tickets go, day by day, and what was left at the end of each day?
-- Grain: one row per local day of the site from :first_date to :last_date that had begun at :as_of. Backlog: at the day's end, or
-- at :as_of on the day that is still running, of the group and priority that tickets had then. The backlog of a day is that of the day
-- before + created - solvings + reopenings.
with zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

days as materialized (
    select
        cast(g.day_at as date) as day_date,
        g.day_at at time zone z.time_zone_name as start_at,
        (g.day_at + interval '1 day') at time zone z.time_zone_name as end_at
    from zone as z
    cross join lateral generate_series(
        cast(:first_date as timestamp), cast(:last_date as timestamp), interval '1 day'
    ) as g (day_at)
    where g.day_at at time zone z.time_zone_name <= :as_of
),

span as (
    select
        min(d.start_at) as start_at,
        max(d.end_at) as end_at
    from days as d
),

created as (
    select
        cast(t.created_at at time zone z.time_zone_name as date) as day_date,
        count(*) as created_tickets,
        count(t.first_reply_seconds) filter (where t.first_reply_at <= :as_of) as first_replied_tickets,
        sum(t.first_reply_seconds) filter (where t.first_reply_at <= :as_of) as first_reply_seconds,
        count(t.first_reply_business_seconds) filter (where t.first_reply_at <= :as_of) as first_replied_in_business_tickets,
        sum(t.first_reply_business_seconds) filter (where t.first_reply_at <= :as_of) as first_reply_business_seconds
    from span as s
    cross join zone as z
    inner join warehouse.tickets as t on t.created_at >= s.start_at and t.created_at < s.end_at and t.created_at <= :as_of
    where
        not t.is_deleted
        and (cast(:group_name as text) is null or coalesce(t.group_name, '') = :group_name)
        and (cast(:priority_name as text) is null or coalesce(t.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(t.channel_name, '') = :channel_name)
    group by cast(t.created_at at time zone z.time_zone_name as date)
),

solvings as materialized (
    select
        v.source_name,
        v.ticket_id,
        cast(v.solved_at at time zone z.time_zone_name as date) as solved_date,
        cast(v.reopened_at at time zone z.time_zone_name as date) as reopened_date,
        v.solved_at <= :as_of as is_solved,
        coalesce(v.reopened_at <= :as_of, false) as is_reopened,
        v.reopened_at - v.solved_at <= interval '7 days' as is_soon
    from span as s
    cross join zone as z
    cross join lateral warehouse.ticket_solvings(s.start_at, s.end_at) as v
    inner join warehouse.tickets as t on v.source_name = t.source_name and v.ticket_id = t.ticket_id
    where
        (cast(:group_name as text) is null or coalesce(t.group_name, '') = :group_name)
        and (cast(:priority_name as text) is null or coalesce(t.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(t.channel_name, '') = :channel_name)
),

solved as (
    select
        v.day_date,
        sum(v.solvings_count) as solvings_count,
        count(*) as solved_tickets,
        count(*) filter (where v.is_back_in_7_days) as reopened_in_7_days_tickets,
        count(*) filter (where v.is_resolved) as resolved_tickets
    from (
        select
            w.solved_date as day_date,
            count(*) as solvings_count,
            bool_or(w.is_reopened and w.is_soon) as is_back_in_7_days,
            bool_or(not w.is_reopened or w.reopened_date > w.solved_date) as is_resolved
        from solvings as w
        where w.is_solved
        group by w.solved_date, w.source_name, w.ticket_id
    ) as v
    group by v.day_date
),

reopened as (
    select
        v.day_date,
        sum(v.reopenings_count) as reopenings_count,
        count(*) as reopened_tickets
    from (
        select
            w.reopened_date as day_date,
            count(*) as reopenings_count
        from solvings as w
        where w.is_reopened
        group by w.reopened_date, w.source_name, w.ticket_id
    ) as v
    group by v.day_date
),

before as (
    select count(*) as backlog_tickets
    from span as s
    cross join lateral warehouse.unsolved_tickets(s.start_at - interval '1 microsecond') as u
    inner join warehouse.tickets as t on u.source_name = t.source_name and u.ticket_id = t.ticket_id
    where cast(:channel_name as text) is null or coalesce(t.channel_name, '') = :channel_name
),

placed as (
    -- Group and priority change while a ticket waits: of one of them, each day's end is asked about by itself.
    select
        d.day_date,
        count(*) as backlog_tickets
    from days as d
    cross join lateral warehouse.unsolved_tickets(least(d.end_at - interval '1 microsecond', cast(:as_of as timestamptz))) as u
    where
        (cast(:group_name as text) is not null or cast(:priority_name as text) is not null)
        and (cast(:group_name as text) is null or coalesce(u.group_name, '') = :group_name)
        and (cast(:priority_name as text) is null or coalesce(u.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(u.channel_name, '') = :channel_name)
    group by d.day_date
),

left_over as (
    select
        d.day_date,
        coalesce(p.backlog_tickets, 0) as backlog_tickets
    from days as d
    left join placed as p on d.day_date = p.day_date
    where cast(:group_name as text) is not null or cast(:priority_name as text) is not null
)

select
    d.day_date,
    coalesce(c.created_tickets, 0) as created_tickets,
    coalesce(c.first_replied_tickets, 0) as first_replied_tickets,
    coalesce(c.first_reply_seconds, 0) as first_reply_seconds,
    coalesce(c.first_replied_in_business_tickets, 0) as first_replied_in_business_tickets,
    coalesce(c.first_reply_business_seconds, 0) as first_reply_business_seconds,
    coalesce(s.solved_tickets, 0) as solved_tickets,
    coalesce(s.resolved_tickets, 0) as resolved_tickets,
    coalesce(s.reopened_in_7_days_tickets, 0) as reopened_in_7_days_tickets,
    coalesce(r.reopened_tickets, 0) as reopened_tickets,
    coalesce(
        l.backlog_tickets,
        b.backlog_tickets + sum(
            coalesce(c.created_tickets, 0) - coalesce(s.solvings_count, 0) + coalesce(r.reopenings_count, 0)
        ) over (order by d.day_date)
    ) as backlog_tickets,
    d.end_at > :as_of as is_running
from days as d
cross join before as b
left join created as c on d.day_date = c.day_date
left join solved as s on d.day_date = s.day_date
left join reopened as r on d.day_date = r.day_date
left join left_over as l on d.day_date = l.day_date
order by d.day_date
