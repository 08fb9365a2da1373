-- Rolls up again the local days of ticket groups that are noted as dirty, from the tickets and their events.
-- Grain: one row per local day of the site and ticket group. A ticket counts on the day it was created, on the day of each
-- solving, and on the day a promise for it was due; deleted tickets count nowhere.
with zone as (
    select min(s.time_zone_name) as time_zone_name from warehouse.sites as s
),

days as materialized (
    select distinct
        d.day_date,
        d.group_name,
        d.day_date::timestamp at time zone z.time_zone_name as day_start_at,
        (d.day_date + 1)::timestamp at time zone z.time_zone_name as day_end_at
    from dirty_ticket_days as d
    cross join zone as z
),

created as (
    select
        d.day_date,
        d.group_name,
        count(*) as created_tickets,
        count(t.first_reply_seconds) as first_replied_tickets,
        coalesce(sum(t.first_reply_seconds), 0) as first_reply_seconds,
        count(t.first_reply_business_seconds) as first_replied_in_business_tickets,
        coalesce(sum(t.first_reply_business_seconds), 0) as first_reply_business_seconds
    from days as d
    cross join lateral (
        -- offset 0 keeps the planner from joining the days with all tickets: each day is a range of an index.
        select
            c.first_reply_seconds,
            c.first_reply_business_seconds
        from warehouse.tickets as c
        where
            c.created_at >= d.day_start_at and c.created_at < d.day_end_at and not c.is_deleted
            and coalesce(c.group_name, '') = d.group_name
        offset 0
    ) as t
    group by d.day_date, d.group_name
),

resolved as (
    select
        d.day_date,
        d.group_name,
        count(t.full_resolution_seconds) as resolved_tickets,
        coalesce(sum(t.full_resolution_seconds), 0) as full_resolution_seconds,
        count(t.full_resolution_business_seconds) as resolved_in_business_tickets,
        coalesce(sum(t.full_resolution_business_seconds), 0) as full_resolution_business_seconds,
        coalesce(sum(t.requester_wait_seconds), 0) as requester_wait_seconds,
        count(*) filter (where t.is_one_touch) as one_touch_tickets,
        count(*) filter (where t.is_two_touch) as two_touch_tickets,
        count(t.csat_score) as csat_tickets,
        count(*) filter (where t.csat_score >= 4) as csat_satisfied_tickets
    from days as d
    cross join lateral (
        select
            r.full_resolution_seconds,
            r.full_resolution_business_seconds,
            r.requester_wait_seconds,
            r.is_one_touch,
            r.is_two_touch,
            r.csat_score
        from warehouse.tickets as r
        where
            r.last_resolved_at >= d.day_start_at and r.last_resolved_at < d.day_end_at and r.resolved_at is not null
            and not r.is_deleted and coalesce(r.group_name, '') = d.group_name
        offset 0
    ) as t
    group by d.day_date, d.group_name
),

solvings as (
    select
        d.day_date,
        d.group_name,
        v.source_name,
        v.ticket_id,
        min(v.reopened_at - v.solved_at) as reopened_after
    from days as d
    cross join lateral (
        -- What can have been solved on the day, each part by a range of an index; warehouse.ticket_solvings says the same of a
        -- window, but reads every ticket that came back since.
        select
            n.source_name,
            n.ticket_id,
            n.solved_at,
            n.reopened_at
        from (
            select
                r.source_name,
                r.ticket_id,
                r.last_resolved_at as solved_at,
                null::timestamptz as reopened_at
            from warehouse.tickets as r
            where
                r.last_resolved_at >= d.day_start_at and r.last_resolved_at < d.day_end_at and coalesce(r.reopen_count, 0) = 0
                and not r.is_deleted and coalesce(r.group_name, '') = d.group_name
            union all
            select
                k.source_name,
                k.ticket_id,
                w.solved_at,
                w.reopened_at
            from (
                select
                    e.source_name,
                    e.ticket_id
                from warehouse.ticket_events as e
                where
                    e.occurred_at >= d.day_start_at and e.occurred_at < d.day_end_at and e.event_name = 'status'
                    and e.value_text in ('solved', 'closed')
                    and d.group_name = (
                        -- asked ticket by ticket: joined, the planner reads all tickets of the group
                        select coalesce(t.group_name, '')
                        from warehouse.tickets as t
                        where t.source_name = e.source_name and t.ticket_id = e.ticket_id and t.reopen_count > 0
                    )
                union distinct
                -- told of the time before its creation: counts at its creation
                select
                    c.source_name,
                    c.ticket_id
                from warehouse.tickets as c
                where
                    c.created_at >= d.day_start_at and c.created_at < d.day_end_at and c.reopen_count > 0
                    and coalesce(c.group_name, '') = d.group_name
            ) as k
            cross join lateral (
                select
                    s.solved_at,
                    s.reopened_at
                from warehouse.reopened_ticket_solvings as s
                where
                    s.source_name = k.source_name and s.ticket_id = k.ticket_id
                    and s.solved_at >= d.day_start_at and s.solved_at < d.day_end_at
                offset 0
            ) as w
        ) as n
        offset 0
    ) as v
    group by d.day_date, d.group_name, v.source_name, v.ticket_id
),

solved as (
    select
        s.day_date,
        s.group_name,
        count(*) as solved_tickets,
        count(s.reopened_after) as reopened_tickets,
        count(*) filter (where s.reopened_after <= interval '7 days') as reopened_in_7_days_tickets
    from solvings as s
    group by s.day_date, s.group_name
),

due as (
    select
        d.day_date,
        d.group_name,
        count(*) as due_targets_tickets,
        count(*) filter (where g.met_at <= g.due_at) as met_targets_tickets
    from days as d
    cross join lateral (
        select
            p.met_at,
            p.due_at
        from warehouse.ticket_targets as p
        where
            p.due_at >= d.day_start_at and p.due_at < d.day_end_at
            and d.group_name = (
                select coalesce(t.group_name, '')
                from warehouse.tickets as t
                where t.source_name = p.source_name and t.ticket_id = p.ticket_id and not t.is_deleted
            )
            and (p.ended_at is null or p.ended_at >= p.due_at or p.met_at is not null)
        offset 0
    ) as g
    group by d.day_date, d.group_name
)

insert into warehouse.ticket_days (
    day_date, group_name, created_tickets, first_replied_tickets, first_reply_seconds, first_replied_in_business_tickets,
    first_reply_business_seconds, resolved_tickets, full_resolution_seconds, resolved_in_business_tickets,
    full_resolution_business_seconds, requester_wait_seconds, one_touch_tickets, two_touch_tickets, solved_tickets,
    reopened_tickets, reopened_in_7_days_tickets, due_targets_tickets, met_targets_tickets, csat_tickets,
    csat_satisfied_tickets
)
select
    d.day_date,
    d.group_name,
    coalesce(c.created_tickets, 0),
    coalesce(c.first_replied_tickets, 0),
    coalesce(c.first_reply_seconds, 0),
    coalesce(c.first_replied_in_business_tickets, 0),
    coalesce(c.first_reply_business_seconds, 0),
    coalesce(r.resolved_tickets, 0),
    coalesce(r.full_resolution_seconds, 0),
    coalesce(r.resolved_in_business_tickets, 0),
    coalesce(r.full_resolution_business_seconds, 0),
    coalesce(r.requester_wait_seconds, 0),
    coalesce(r.one_touch_tickets, 0),
    coalesce(r.two_touch_tickets, 0),
    coalesce(s.solved_tickets, 0),
    coalesce(s.reopened_tickets, 0),
    coalesce(s.reopened_in_7_days_tickets, 0),
    coalesce(u.due_targets_tickets, 0),
    coalesce(u.met_targets_tickets, 0),
    coalesce(r.csat_tickets, 0),
    coalesce(r.csat_satisfied_tickets, 0)
from days as d
left join created as c on d.day_date = c.day_date and d.group_name = c.group_name
left join resolved as r on d.day_date = r.day_date and d.group_name = r.group_name
left join solved as s on d.day_date = s.day_date and d.group_name = s.group_name
left join due as u on d.day_date = u.day_date and d.group_name = u.group_name
where
    coalesce(c.created_tickets, r.resolved_tickets, s.solved_tickets) is not null or u.due_targets_tickets is not null
order by d.day_date, d.group_name
on conflict (day_date, group_name) do update set
    created_tickets = excluded.created_tickets,
    first_replied_tickets = excluded.first_replied_tickets,
    first_reply_seconds = excluded.first_reply_seconds,
    first_replied_in_business_tickets = excluded.first_replied_in_business_tickets,
    first_reply_business_seconds = excluded.first_reply_business_seconds,
    resolved_tickets = excluded.resolved_tickets,
    full_resolution_seconds = excluded.full_resolution_seconds,
    resolved_in_business_tickets = excluded.resolved_in_business_tickets,
    full_resolution_business_seconds = excluded.full_resolution_business_seconds,
    requester_wait_seconds = excluded.requester_wait_seconds,
    one_touch_tickets = excluded.one_touch_tickets,
    two_touch_tickets = excluded.two_touch_tickets,
    solved_tickets = excluded.solved_tickets,
    reopened_tickets = excluded.reopened_tickets,
    reopened_in_7_days_tickets = excluded.reopened_in_7_days_tickets,
    due_targets_tickets = excluded.due_targets_tickets,
    met_targets_tickets = excluded.met_targets_tickets,
    csat_tickets = excluded.csat_tickets,
    csat_satisfied_tickets = excluded.csat_satisfied_tickets
