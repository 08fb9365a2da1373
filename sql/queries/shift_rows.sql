-- Which stretches of schedules, and of work on days without one, are behind the figures of adherence, conformance and shrinkage?
-- Grain: one row per agent and stretch of his schedule, cut at local midnights and at the window's borders, and one per stretch in
-- which he was on queues (kind on_queue); the microseconds of each column add up to warehouse.agent_schedules', which they follow.
with zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

edge as (
    select
        cast(:window_start as timestamptz) as start_at,
        cast(:last_at as timestamptz) + interval '1 microsecond' as end_at,
        -- A departure is judged whole, also where the window cuts it.
        cast(:window_start as timestamptz) - interval '12 hours' as seen_from_at,
        least(cast(:last_at as timestamptz) + interval '12 hours', cast(:as_of as timestamptz)) as seen_until_at
),

chosen as materialized (
    select a.agent_id
    from warehouse.agents as a
    cross join edge as e
    where
        (cast(:agent_id as integer) is null or a.agent_id = cast(:agent_id as integer))
        and (cast(:site_name as text) is null or coalesce(a.site_name, '') = cast(:site_name as text))
        and exists (select 1 from warehouse.agent_states as s where s.agent_id = a.agent_id and s.started_at < e.end_at)
),

told as (
    select
        s.agent_id,
        case when s.is_paid is false then 'unpaid' else warehouse.activity_kind(s.activity_name, s.is_planned) end as kind_name,
        tstzrange(greatest(s.started_at, e.seen_from_at), least(s.ended_at, e.seen_until_at)) as told_range
    from edge as e
    cross join chosen as a
    cross join lateral (
        select
            f.agent_id,
            f.started_at,
            f.ended_at,
            f.activity_name,
            f.is_planned,
            f.is_paid
        from warehouse.shifts as f
        where
            f.agent_id = a.agent_id and f.started_at < e.seen_until_at and f.started_at > e.seen_from_at - interval '31 days'
            and f.ended_at > e.seen_from_at
    ) as s
),

-- Whoever has shifts at all, also where none of them lies in the window: what he works then is unscheduled.
scheduled_agents as materialized (
    select a.agent_id
    from chosen as a
    cross join edge as e
    where exists (
        select 1 from warehouse.shifts as f
        where
            f.agent_id = a.agent_id and f.started_at > e.seen_from_at - interval '31 days'
            and f.started_at < e.end_at + interval '31 days'
    )
),

layers as (
    select
        t.agent_id,
        coalesce(range_agg(t.told_range) filter (where t.kind_name = 'unpaid'), '{}') as unpaid,
        coalesce(range_agg(t.told_range) filter (where t.kind_name = 'work'), '{}') as work,
        coalesce(range_agg(t.told_range) filter (where t.kind_name = 'planned_off'), '{}') as planned_off,
        coalesce(range_agg(t.told_range) filter (where t.kind_name = 'unplanned_off'), '{}') as unplanned_off,
        coalesce(range_agg(t.told_range) filter (where t.kind_name = 'planned_absence'), '{}') as planned_absence,
        coalesce(range_agg(t.told_range) filter (where t.kind_name = 'unplanned_absence'), '{}') as unplanned_absence
    from told as t
    group by t.agent_id
),

-- A break lies over the shift, an absence over both, unpaid time over all.
planned as (
    select
        y.agent_id,
        k.kind_name,
        p.piece_range
    from layers as y
    cross join lateral (
        values
        ('unplanned_absence', y.unplanned_absence),
        ('planned_absence', y.planned_absence - y.unplanned_absence),
        ('unplanned_off', y.unplanned_off - y.unplanned_absence - y.planned_absence),
        ('planned_off', y.planned_off - y.unplanned_absence - y.planned_absence - y.unplanned_off),
        ('work', y.work - y.unplanned_absence - y.planned_absence - y.unplanned_off - y.planned_off)
    ) as k (kind_name, piece_ranges)
    cross join lateral unnest(k.piece_ranges - y.unpaid) as p (piece_range)
),

presence as materialized (
    select
        y.agent_id,
        coalesce(range_agg(tstzrange(l.started_at, l.ended_at)) filter (where l.state_name <> 'paused'), '{}') as on_ranges,
        coalesce(range_agg(tstzrange(l.started_at, l.ended_at)), '{}') as signed_in_ranges
    from scheduled_agents as y
    cross join edge as e
    left join lateral warehouse.agent_lanes(e.seen_from_at, e.seen_until_at, cast(:as_of as timestamptz), y.agent_id) as l on true
    group by y.agent_id
),

spans as materialized (
    select
        t.agent_id,
        t.team_id,
        t.started_date,
        coalesce(t.ended_date, cast('2100-01-01' as date)) as ended_date
    from warehouse.team_spans as t
),

pieces as (
    select
        p.agent_id,
        p.kind_name,
        p.piece_range,
        h.on_ranges,
        p.kind_name = 'work' and not (h.signed_in_ranges && p.piece_range) as is_no_show,
        case
            when p.kind_name = 'work' then tstzmultirange(p.piece_range) - h.on_ranges
            else tstzmultirange(p.piece_range) * h.on_ranges
        end as departures,
        coalesce(r.grace_seconds, o.grace_seconds, 300) as grace_seconds
    from planned as p
    inner join presence as h on p.agent_id = h.agent_id
    cross join zone as z
    left join spans as s
        on
            p.agent_id = s.agent_id
            and cast(lower(p.piece_range) at time zone z.time_zone_name as date) >= s.started_date
            and cast(lower(p.piece_range) at time zone z.time_zone_name as date) < s.ended_date
    left join warehouse.work_rules as r on s.team_id = r.team_id
    left join warehouse.work_rules as o on o.team_id is null
),

judged as (
    select
        p.agent_id,
        p.kind_name,
        p.piece_range,
        p.on_ranges,
        l.departed,
        p.is_no_show and not isempty(l.departed) as is_no_show
    from pieces as p
    cross join lateral (
        select coalesce(range_agg(d.departure), '{}') as departed
        from unnest(p.departures) as d (departure)
        where
            upper(d.departure) - lower(d.departure) > make_interval(secs => p.grace_seconds)
            or (lower(d.departure) <> lower(p.piece_range) and upper(d.departure) <> upper(p.piece_range))
    ) as l
),

days as (
    select
        cast(g.day_at as date) as day_date,
        tstzmultirange(tstzrange(
            greatest(g.day_at at time zone z.time_zone_name, e.start_at),
            least((g.day_at + interval '1 day') at time zone z.time_zone_name, e.end_at)
        )) as day_range
    from zone as z
    cross join edge as e
    cross join lateral generate_series(
        date_trunc('day', e.start_at at time zone z.time_zone_name),
        e.end_at at time zone z.time_zone_name - interval '1 microsecond',
        interval '1 day'
    ) as g (day_at)
),

scheduled as (
    select
        j.agent_id,
        d.day_date,
        j.kind_name,
        u.piece_range,
        extract(epoch from upper(u.piece_range) - lower(u.piece_range)) as piece_amount,
        extract(epoch from coalesce(n.departed, interval '0')) as departed_amount,
        extract(epoch from coalesce(n.here, interval '0')) as here_amount,
        j.is_no_show
    from judged as j
    inner join days as d on d.day_range && j.piece_range
    cross join lateral unnest(d.day_range * tstzmultirange(j.piece_range)) as u (piece_range)
    cross join lateral (
        select
            (select sum(upper(x.r) - lower(x.r)) from unnest(tstzmultirange(u.piece_range) * j.departed) as x (r)) as departed,
            (select sum(upper(x.r) - lower(x.r)) from unnest(tstzmultirange(u.piece_range) * j.on_ranges) as x (r)) as here
    ) as n
),

parts as (
    select
        s.agent_id,
        s.day_date,
        s.kind_name,
        s.piece_range,
        s.piece_amount as scheduled_amount,
        s.piece_amount - s.departed_amount as adherent_amount,
        case when s.kind_name = 'work' then s.piece_amount else 0 end as scheduled_on_queue_amount,
        0 as worked_on_queue_amount,
        case
            when s.kind_name in ('planned_off', 'planned_absence') then s.piece_amount - s.here_amount else 0
        end as planned_shrinkage_amount,
        case
            when s.kind_name in ('work', 'unplanned_off', 'unplanned_absence') then s.piece_amount - s.here_amount else 0
        end as unplanned_shrinkage_amount,
        case
            when s.kind_name = 'unplanned_absence' then s.piece_amount - s.here_amount
            when s.is_no_show then s.piece_amount
            else 0
        end as absent_amount,
        0 as unscheduled_amount
    from scheduled as s
    union all
    select
        h.agent_id,
        d.day_date,
        'on_queue' as kind_name,
        u.piece_range,
        0 as scheduled_amount,
        0 as adherent_amount,
        0 as scheduled_on_queue_amount,
        case when w.is_scheduled then extract(epoch from upper(u.piece_range) - lower(u.piece_range)) else 0 end
            as worked_on_queue_amount,
        0 as planned_shrinkage_amount,
        0 as unplanned_shrinkage_amount,
        0 as absent_amount,
        case when w.is_scheduled then 0 else extract(epoch from upper(u.piece_range) - lower(u.piece_range)) end
            as unscheduled_amount
    from presence as h
    inner join days as d on d.day_range && h.on_ranges
    cross join lateral unnest(d.day_range * h.on_ranges) as u (piece_range)
    cross join lateral (
        select count(*) > 0 as is_scheduled
        from scheduled as s
        where s.agent_id = h.agent_id and s.day_date = d.day_date and s.kind_name = 'work'
    ) as w
)

select
    p.agent_id,
    a.agent_name,
    s.team_id,
    p.kind_name,
    lower(p.piece_range) as started_at,
    upper(p.piece_range) as ended_at,
    p.scheduled_amount,
    p.adherent_amount,
    p.scheduled_on_queue_amount,
    p.worked_on_queue_amount,
    p.planned_shrinkage_amount,
    p.unplanned_shrinkage_amount,
    p.absent_amount,
    p.unscheduled_amount,
    concat_ws('|', p.agent_id, p.kind_name, cast(extract(epoch from lower(p.piece_range)) as text)) as row_text
from parts as p
inner join warehouse.agents as a on p.agent_id = a.agent_id
left join spans as s on p.agent_id = s.agent_id and p.day_date >= s.started_date and p.day_date < s.ended_date
where cast(:team_id as integer) is null or s.team_id = cast(:team_id as integer)
order by lower(p.piece_range) desc, p.agent_id, p.kind_name
