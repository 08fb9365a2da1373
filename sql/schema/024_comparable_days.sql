-- Which past days a day can be compared with, for forecasts and for what was usual; written once for all that ask.
-- Grain: as each function's comment states.
create function warehouse.site_zone_name() returns text
language sql stable as $$
    select coalesce(
        (select min(s.time_zone_name) from warehouse.sites as s),
        (select min(q.time_zone_name) from warehouse.queues as q),
        'UTC'
    )
$$;
comment on function warehouse.site_zone_name is 'The time zone in which the days of the site begin.';

create function warehouse.chosen_queues(of_queue_id integer, of_group_name text) returns table (
    queue_id integer,
    schedule_name text
)
language sql stable as $$
    select
        q.queue_id,
        coalesce(q.schedule_name, (select s.schedule_name from warehouse.schedules as s where s.is_default))
    from warehouse.queues as q
    where
        ($1 is null or q.queue_id = $1)
        and ($2 is null or coalesce(q.group_name, '') = $2)
$$;
comment on function warehouse.chosen_queues is
'Grain: one row per queue that is left by these filters (null takes all, an empty text those without), with its timetable.';

create function warehouse.is_holiday(day_date date, of_queue_id integer, of_group_name text) returns boolean
language sql stable as $$
    select exists (
        select 1
        from warehouse.holidays as h
        where
            h.first_date <= $1 and h.last_date >= $1
            and h.schedule_name in (select c.schedule_name from warehouse.chosen_queues($2, $3) as c)
    )
$$;
comment on function warehouse.is_holiday is 'Whether the timetable of any of the chosen queues names this local day a holiday.';

create function warehouse.comparable_days(
    of_day_date date, of_queue_id integer, of_group_name text
) returns table (
    day_date date,
    day_start_at timestamptz,
    day_end_at timestamptz
)
language sql stable as $$
    -- Ten weeks are looked at, so that a holiday costs no week. A day on which nobody called anywhere was closed or not told.
    select
        d.day_date,
        d.day_start_at,
        d.day_end_at
    from (select warehouse.site_zone_name() as zone_name) as z
    cross join generate_series(1, 10) as n (weeks)
    cross join lateral (
        select
            $1 - 7 * n.weeks as day_date,
            cast($1 - 7 * n.weeks as timestamp) at time zone z.zone_name as day_start_at,
            cast($1 - 7 * n.weeks + 1 as timestamp) at time zone z.zone_name as day_end_at
    ) as d
    where
        not warehouse.is_holiday(d.day_date, $2, $3)
        and exists (
            select 1
            from warehouse.queues as q
            inner join warehouse.queue_intervals as i on q.queue_id = i.queue_id
            where i.interval_start_at >= d.day_start_at and i.interval_start_at < d.day_end_at
        )
        -- Before the first contact of the chosen queues there was nothing to compare with: that is unknown, not 0.
        and d.day_end_at > (
            select min(f.first_at)
            from warehouse.chosen_queues($2, $3) as c
            cross join lateral (
                select i.interval_start_at as first_at
                from warehouse.queue_intervals as i
                where i.queue_id = c.queue_id
                order by i.interval_start_at
                limit 1
            ) as f
        )
    order by d.day_date desc
    limit 6
$$;
comment on function warehouse.comparable_days is
'Grain: one row per local day that a day is compared with: the last six of the same weekday within ten weeks on which '
'contacts were offered and which no timetable of the chosen queues names a holiday.';
