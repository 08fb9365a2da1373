-- Which tickets, promises or replies are behind a number of tickets?
-- Grain: one row per ticket (population due: per promise; replies: per reply) of the population of the number that adds to it, with
-- what it adds (amount: the metric's denominator; counted: its numerator) and, in every row, how many there are and their sums; one
-- row without a ticket where there is none. :last_at is the last instant that counts: :as_of, or just before :window_end.
with terms as (
    select
        t.part_name,
        t.column_name,
        t.sign_number
    from unnest(cast(:parts as text []), cast(:columns as text []), cast(:signs as integer []))
        as t (part_name, column_name, sign_number)
),

last_day as (
    select cast(
        cast(:last_at as timestamptz) at time zone coalesce(min(s.time_zone_name), 'UTC') as date
    ) as day_date
    from warehouse.sites as s
),

solvings as materialized (
    select
        v.source_name,
        v.ticket_id,
        v.solved_at,
        v.reopened_at,
        t.agent_id,
        t.created_at,
        t.first_resolved_at,
        t.last_event_at,
        t.first_resolution_seconds,
        t.first_resolution_business_seconds,
        t.public_agent_comment_count,
        t.csat_score,
        coalesce(t.resolved_at = v.solved_at, false) as is_last,
        case when t.resolved_at = v.solved_at then t.full_resolution_business_seconds end as full_business_seconds,
        case when t.resolved_at = v.solved_at then t.requester_wait_seconds end as requester_wait_seconds,
        case when t.resolved_at = v.solved_at then t.requester_wait_business_seconds end as requester_wait_business_seconds
    from warehouse.ticket_solvings(:window_start, :window_end) as v
    inner join warehouse.tickets as t on v.source_name = t.source_name and v.ticket_id = t.ticket_id
    where :population_name in ('solved', 'resolved')
),

by_ticket as (
    select
        v.source_name,
        v.ticket_id,
        v.agent_id,
        max(v.solved_at) filter (where v.solved_at <= :last_at) as solved_at,
        max(v.reopened_at) filter (where v.reopened_at <= :last_at) as reopened_at,
        bool_or(v.solved_at >= :window_start and v.solved_at <= :last_at) as is_solved,
        bool_or(
            v.solved_at >= :window_start and v.solved_at <= :last_at and v.reopened_at <= :as_of
            and v.reopened_at - v.solved_at <= interval '7 days'
        ) as is_back_in_7_days,
        bool_or(v.reopened_at >= :window_start and v.reopened_at <= :last_at) as is_reopened,
        max(v.first_resolution_seconds) filter (
            where v.solved_at = v.first_resolved_at and v.solved_at >= :window_start and v.solved_at <= :last_at
        ) as first_resolution_seconds,
        max(v.first_resolution_business_seconds) filter (
            where v.solved_at = v.first_resolved_at and v.solved_at >= :window_start and v.solved_at <= :last_at
        ) as first_resolution_business_seconds
    from solvings as v
    where :population_name = 'solved'
    group by v.source_name, v.ticket_id, v.agent_id
),

changes as (
    -- Changes of group and priority in the window; of the tickets created in it also later ones, until :as_of.
    select e.*
    from warehouse.ticket_events as e
    where
        :population_name in ('created', 'escalated') and e.occurred_at >= :window_start and e.occurred_at <= :last_at
        and e.event_name in ('group', 'priority')
    union all
    select e.*
    from warehouse.tickets as t
    inner join warehouse.ticket_events as e on t.source_name = e.source_name and t.ticket_id = e.ticket_id
    where
        :population_name = 'created' and t.created_at >= :window_start and t.created_at <= :last_at
        and e.occurred_at > :last_at and e.occurred_at <= :as_of and e.event_name in ('group', 'priority')
),

escalations as materialized (
    -- Handed from one group to another, or raised in priority, after the creation: as in ticket_groups.
    select
        c.source_name,
        c.ticket_id,
        max(c.occurred_at) filter (where c.occurred_at <= :last_at) as escalated_at
    from changes as c
    inner join warehouse.tickets as t on c.source_name = t.source_name and c.ticket_id = t.ticket_id
    cross join lateral (
        select b.value_text
        from warehouse.ticket_events as b
        where
            b.source_name = c.source_name and b.ticket_id = c.ticket_id and b.event_name = c.event_name
            and b.value_text is not null and (b.occurred_at, b.event_number) < (c.occurred_at, c.event_number)
        order by b.occurred_at desc, b.event_number desc
        limit 1
    ) as p
    where
        c.occurred_at > t.created_at and not t.is_deleted
        and case c.event_name
            when 'group' then p.value_text <> c.value_text
            else
                array_position(array['low', 'normal', 'high', 'urgent'], c.value_text)
                > array_position(array['low', 'normal', 'high', 'urgent'], p.value_text)
        end
    group by c.source_name, c.ticket_id
),

-- Each population with the columns that it adds to; a number is made of columns of one population. State and place of a ticket
-- are those of now; of the backlog, those of its instant.
told as (
    select
        t.source_name,
        t.ticket_id,
        t.agent_id,
        t.group_name,
        t.priority_name,
        t.status_name,
        t.created_at as happened_at,
        cast(null as timestamptz) as due_at,
        cast(null as text) as target_name,
        cast(null as boolean) as is_business,
        '' as part_text,
        v.column_name,
        v.amount
    from warehouse.tickets as t
    left join escalations as x on t.source_name = x.source_name and t.ticket_id = x.ticket_id
    cross join lateral (
        values
        ('created_tickets', 1),
        ('created_escalated_tickets', cast(x.ticket_id is not null as integer)),
        ('first_replied_tickets', case when t.first_reply_at <= :as_of and t.first_reply_seconds is not null then 1 end),
        ('first_reply_seconds', case when t.first_reply_at <= :as_of then t.first_reply_seconds end),
        (
            'first_replied_in_business_tickets',
            case when t.first_reply_at <= :as_of and t.first_reply_business_seconds is not null then 1 end
        ),
        ('first_reply_business_seconds', case when t.first_reply_at <= :as_of then t.first_reply_business_seconds end)
    ) as v (column_name, amount)
    where
        :population_name = 'created' and t.created_at >= :window_start and t.created_at <= :last_at and not t.is_deleted
    union all
    select
        t.source_name,
        t.ticket_id,
        t.agent_id,
        t.group_name,
        t.priority_name,
        t.status_name,
        t.first_reply_at,
        null,
        null,
        null,
        '',
        'replied_tickets',
        1
    from warehouse.tickets as t
    where
        :population_name = 'replied' and t.first_reply_at >= :window_start and t.first_reply_at <= :last_at
        and not t.is_deleted
    union all
    select
        t.source_name,
        t.ticket_id,
        t.agent_id,
        t.group_name,
        t.priority_name,
        t.status_name,
        x.escalated_at,
        null,
        null,
        null,
        '',
        'escalated_tickets',
        1
    from escalations as x
    inner join warehouse.tickets as t on x.source_name = t.source_name and x.ticket_id = t.ticket_id
    where :population_name = 'escalated'
    union all
    select
        t.source_name,
        t.ticket_id,
        t.agent_id,
        t.group_name,
        t.priority_name,
        t.status_name,
        coalesce(b.solved_at, b.reopened_at),
        null,
        null,
        null,
        '',
        v.column_name,
        v.amount
    from by_ticket as b
    inner join warehouse.tickets as t on b.source_name = t.source_name and b.ticket_id = t.ticket_id
    cross join lateral (
        values
        ('solved_tickets', cast(b.is_solved as integer)),
        ('reopened_tickets', cast(b.is_reopened as integer)),
        ('reopened_in_7_days_tickets', cast(b.is_back_in_7_days as integer)),
        ('first_resolved_tickets', cast(b.first_resolution_seconds is not null as integer)),
        ('first_resolution_seconds', b.first_resolution_seconds),
        ('first_resolved_in_business_tickets', cast(b.first_resolution_business_seconds is not null as integer)),
        ('first_resolution_business_seconds', b.first_resolution_business_seconds)
    ) as v (column_name, amount)
    union all
    select
        t.source_name,
        t.ticket_id,
        t.agent_id,
        t.group_name,
        t.priority_name,
        t.status_name,
        s.solved_at,
        null,
        null,
        null,
        '',
        v.column_name,
        v.amount
    from solvings as s
    inner join warehouse.tickets as t on s.source_name = t.source_name and s.ticket_id = t.ticket_id
    cross join lateral (
        -- What the ticket's row says where nothing has happened since; else its events until then.
        select
            s.public_agent_comment_count as touch_count,
            s.csat_score
        where s.last_event_at <= :last_at
        union all
        select
            count(*) filter (where e.event_name = 'reply' and e.actor_name is distinct from 'system'),
            case when s.is_last then s.csat_score end
        from warehouse.ticket_events as e
        where
            s.last_event_at > :last_at and e.source_name = s.source_name and e.ticket_id = s.ticket_id
            and e.occurred_at <= :last_at
        having s.last_event_at > :last_at
    ) as h
    cross join lateral (
        values
        ('resolved_tickets', 1),
        ('full_resolution_seconds', cast(floor(extract(epoch from s.solved_at - s.created_at)) as bigint)),
        ('resolved_in_business_tickets', cast(s.full_business_seconds is not null as integer)),
        ('full_resolution_business_seconds', s.full_business_seconds),
        ('waited_tickets', cast(s.requester_wait_seconds is not null as integer)),
        ('requester_wait_seconds', s.requester_wait_seconds),
        ('waited_in_business_tickets', cast(s.requester_wait_business_seconds is not null as integer)),
        ('requester_wait_business_seconds', s.requester_wait_business_seconds),
        ('one_touch_tickets', cast(h.touch_count = 1 as integer)),
        ('two_touch_tickets', cast(h.touch_count = 2 as integer)),
        ('csat_tickets', cast(h.csat_score is not null as integer)),
        ('csat_satisfied_tickets', cast(h.csat_score >= 4 as integer))
    ) as v (column_name, amount)
    where
        :population_name = 'resolved' and s.solved_at >= :window_start and s.solved_at <= :last_at
        and (s.reopened_at is null or s.reopened_at > :last_at)
    union all
    select
        t.source_name,
        t.ticket_id,
        t.agent_id,
        t.group_name,
        t.priority_name,
        t.status_name,
        g.due_at,
        g.due_at,
        g.target_name,
        g.is_business,
        concat_ws(' ', g.target_name, cast(extract(epoch from g.applied_at) as text)),
        v.column_name,
        v.amount
    from warehouse.ticket_targets as g
    inner join warehouse.tickets as t on g.source_name = t.source_name and g.ticket_id = t.ticket_id
    cross join lateral (
        select
            g.due_at <= :as_of as is_due,
            g.ended_at is null or g.ended_at > :as_of as is_open
    ) as i
    cross join lateral (
        values
        ('due_targets_tickets', cast(g.met_at <= :as_of or i.is_due as integer)),
        ('met_targets_tickets', cast(g.met_at <= :as_of and g.met_at <= g.due_at as integer)),
        (
            'missed_targets_tickets',
            cast((g.met_at <= :as_of or i.is_due) and (g.met_at <= :as_of and g.met_at <= g.due_at) is not true as integer)
        ),
        (
            'late_targets_tickets',
            cast(i.is_due and g.ended_at <= :as_of and (g.met_at is null or g.met_at > g.due_at) as integer)
        ),
        ('overdue_targets_tickets', cast(i.is_due and i.is_open as integer)),
        ('running_targets_tickets', cast(not i.is_due and i.is_open as integer)),
        ('at_risk_targets_tickets', cast(not i.is_due and i.is_open and g.due_at <= :as_of + interval '1 hour' as integer))
    ) as v (column_name, amount)
    where
        :population_name = 'due' and g.due_at >= :window_start and g.due_at < :window_end and g.applied_at <= :as_of
        and not t.is_deleted
        and (g.ended_at is null or g.ended_at > :as_of or g.ended_at > g.due_at or g.met_at is not null)
    union all
    select
        u.source_name,
        u.ticket_id,
        u.agent_id,
        u.group_name,
        u.priority_name,
        u.status_name,
        coalesce(case when v.column_name like 'owed%' then u.owes_reply_since_at end, u.created_at),
        null,
        null,
        null,
        '',
        v.column_name,
        v.amount
    from warehouse.unsolved_tickets(:last_at) as u
    cross join lateral (
        values
        ('backlog_tickets', 1),
        ('backlog_age_seconds', cast(floor(extract(epoch from cast(:last_at as timestamptz) - u.created_at)) as bigint)),
        ('assigned_tickets', cast(u.agent_id is not null as integer)),
        ('owed_tickets', cast(u.owes_reply_since_at is not null as integer)),
        (
            'owed_wait_seconds',
            cast(floor(extract(epoch from cast(:last_at as timestamptz) - u.owes_reply_since_at)) as bigint)
        ),
        (
            'requester_owes_tickets',
            cast(u.owes_reply_since_at is null and u.status_name = 'pending' as integer)
        ),
        (
            'nobody_owes_tickets',
            cast(u.owes_reply_since_at is null and u.status_name <> 'pending' as integer)
        ),
        ('with_us_tickets', cast(u.status_name not in ('pending', 'on_hold') as integer)),
        ('with_others_tickets', cast(u.status_name in ('pending', 'on_hold') as integer)),
        ('week_old_tickets', cast(u.created_at <= cast(:last_at as timestamptz) - interval '7 days' as integer))
    ) as v (column_name, amount)
    where
        :population_name = 'backlog'
        and (
            cast(:age_name as text) is null
            or :age_name = case
                when u.created_at > cast(:last_at as timestamptz) - interval '1 day' then 'under_1_day'
                when u.created_at > cast(:last_at as timestamptz) - interval '3 days' then '1_to_3_days'
                when u.created_at > cast(:last_at as timestamptz) - interval '7 days' then '3_to_7_days'
                when u.created_at > cast(:last_at as timestamptz) - interval '14 days' then '7_to_14_days'
                when u.created_at > cast(:last_at as timestamptz) - interval '30 days' then '14_to_30_days'
                else '30_days_and_more'
            end
        )
    union all
    select
        e.source_name,
        e.ticket_id,
        e.agent_id,
        t.group_name,
        t.priority_name,
        t.status_name,
        e.occurred_at,
        null,
        null,
        null,
        concat_ws(' ', cast(extract(epoch from e.occurred_at) as text), e.event_number),
        v.column_name,
        v.amount
    from warehouse.ticket_events as e
    inner join warehouse.tickets as t on e.source_name = t.source_name and e.ticket_id = t.ticket_id
    cross join lateral (
        values
        ('reply_count', 1),
        (
            'first_reply_count',
            cast(
                greatest(e.occurred_at, t.created_at) = t.first_reply_at
                and (e.occurred_at, e.event_number) in (
                    select
                        r.occurred_at,
                        r.event_number
                    from warehouse.first_reply(t.source_name, t.ticket_id, t.created_at, t.first_reply_at) as r
                ) as integer
            )
        )
    ) as v (column_name, amount)
    where
        :population_name = 'replies' and e.occurred_at >= :window_start and e.occurred_at <= :last_at
        and e.event_name = 'reply' and not t.is_deleted and e.agent_id is not null
        and e.actor_name is distinct from 'system'
),

measured as (
    select
        t.source_name,
        t.ticket_id,
        t.part_text,
        t.agent_id,
        t.group_name,
        t.priority_name,
        t.status_name,
        t.target_name,
        k.channel_name,
        k.topic_name,
        k.contact_id,
        k.url_text,
        max(t.happened_at) as happened_at,
        max(t.due_at) as due_at,
        coalesce(sum(n.sign_number * t.amount) filter (where n.part_name = 'population'), 0) as amount_number,
        coalesce(sum(n.sign_number * t.amount) filter (where n.part_name = 'counted'), 0) as counted_number
    from told as t
    inner join terms as n on t.column_name = n.column_name
    inner join warehouse.tickets as k on t.source_name = k.source_name and t.ticket_id = k.ticket_id
    where
        (cast(:group_name as text) is null or coalesce(t.group_name, '') = :group_name)
        and (cast(:priority_name as text) is null or coalesce(t.priority_name, '') = :priority_name)
        and (cast(:channel_name as text) is null or coalesce(k.channel_name, '') = :channel_name)
        and (cast(:status_name as text) is null or t.status_name = :status_name)
        and (cast(:target_name as text) is null or t.target_name = :target_name)
        and (cast(:is_business as boolean) is null or t.is_business = :is_business)
        and (cast(:agent_id as integer) is null or t.agent_id = :agent_id)
        and (
            cast(:agents_text as text) is null
            or t.agent_id = any(cast(string_to_array(:agents_text, ',') as integer []))
        )
        and (cast(:is_assigned as boolean) is null or (t.agent_id is not null) = :is_assigned)
        and (
            (cast(:team_id as integer) is null and cast(:site_name as text) is null)
            or exists (
                -- Tickets belong to the team of the window's last day; an empty site name means agents without one.
                select 1
                from last_day as l
                inner join warehouse.agents as a on t.agent_id = a.agent_id
                left join warehouse.team_spans as m
                    on
                        a.agent_id = m.agent_id and m.started_date <= l.day_date
                        and (m.ended_date is null or m.ended_date > l.day_date)
                where
                    (cast(:team_id as integer) is null or m.team_id = :team_id)
                    and (cast(:site_name as text) is null or coalesce(a.site_name, '') = :site_name)
            )
        )
    group by
        t.source_name, t.ticket_id, t.part_text, t.agent_id, t.group_name, t.priority_name, t.status_name, t.target_name,
        k.channel_name, k.topic_name, k.contact_id, k.url_text
),

found as materialized (
    select
        m.*,
        concat_ws('|', m.source_name, m.ticket_id, m.part_text) as row_text,
        case :order_name
            when 'amount' then case when m.counted_number <> 0 then m.counted_number else m.amount_number end
            when 'counted' then cast(m.counted_number <> 0 as integer)
            else 0
        end as rank_number
    from measured as m
    where m.amount_number <> 0 or m.counted_number <> 0
),

totals as (
    select
        count(*) as found_rows,
        coalesce(sum(f.amount_number), 0) as total_number,
        coalesce(sum(f.counted_number), 0) as counted_total_number,
        max(f.counted_number) as longest_number,
        -- As in ticket_times; :quantile_ratio is null of a number that is no quantile.
        round(
            percentile_cont(cast(:quantile_ratio as double precision)) within group (order by f.counted_number)
            filter (where f.amount_number <> 0)
        ) as figure_number
    from found as f
)

select
    t.found_rows,
    t.total_number,
    t.counted_total_number,
    t.longest_number,
    t.figure_number,
    p.position_text as row_text,
    p.happened_at,
    p.due_at,
    p.target_name,
    p.amount_number,
    p.counted_number,
    p.group_name,
    p.priority_name,
    p.channel_name,
    p.status_name,
    p.topic_name,
    p.agent_id,
    p.agent_name,
    p.source_name,
    p.ticket_id,
    p.contact_id,
    p.url_text
from totals as t
left join (
    select
        f.*,
        concat_ws('|', f.rank_number, cast(extract(epoch from f.happened_at) * 1000000 as bigint), f.row_text) as position_text,
        a.agent_name
    from found as f
    left join warehouse.agents as a on f.agent_id = a.agent_id
    where
        cast(:after_text as text) is null
        or (f.rank_number, f.happened_at, f.row_text)
        < (cast(:after_rank_number as numeric), cast(:after_at as timestamptz), cast(:after_text as text))
    order by f.rank_number desc, f.happened_at desc, f.row_text desc
    limit :limit_rows
) as p on true
order by p.rank_number desc, p.happened_at desc, p.row_text desc
