-- What was known at an instant of the past; schedules, callbacks and visits counted once for all who ask; surveys without a guess.
-- Grain: as each comment states.
drop function warehouse.stay_measures(integer, timestamptz, timestamptz, integer);
create function warehouse.stay_measures(
    of_queue_id integer,
    window_start timestamptz,
    window_end timestamptz,
    threshold_seconds integer,
    known_at timestamptz default null
) returns setof warehouse.stay
language sql stable as $$
    select
        c.queue_id,
        case when k.is_answered or k.is_ended then c.agent_id end,
        date_bin('15 minutes', c.offered_at, '2000-01-01 00:00+00'),
        width_bucket(k.wait_seconds, array[1, 6, 11, 16, 21, 26, 31, 46, 61, 91, 121, 181, 241, 301, 601]),
        1,
        k.is_answered::integer,
        coalesce(k.is_answered and k.wait_seconds <= coalesce($4, q.service_level_threshold_seconds), false)::integer,
        (k.outcome_name = 'abandoned')::integer,
        coalesce(k.outcome_name = 'abandoned' and k.wait_seconds < q.short_abandon_seconds, false)::integer,
        coalesce(
            k.outcome_name = 'abandoned' and k.wait_seconds <= coalesce($4, q.service_level_threshold_seconds), false
        )::integer,
        (k.outcome_name in ('callback', 'overflowed', 'timed_out', 'withdrawn'))::integer,
        coalesce(
            k.outcome_name in ('callback', 'overflowed', 'timed_out', 'withdrawn')
            and k.wait_seconds <= coalesce($4, q.service_level_threshold_seconds),
            false
        )::integer,
        (k.outcome_name = 'callback')::integer,
        (k.outcome_name = 'overflowed')::integer,
        (k.outcome_name = 'timed_out')::integer,
        (k.outcome_name = 'withdrawn')::integer,
        (k.outcome_name = 'interrupted' and not k.is_answered)::integer,
        (k.outcome_name = 'waiting')::integer,
        (k.outcome_name = 'in_progress')::integer,
        (k.outcome_name = 'answered')::integer,
        (k.outcome_name = 'answered' and c.transfer_kind_name is not null)::integer,
        case when k.is_answered then k.wait_seconds end,
        case when k.outcome_name = 'abandoned' then k.wait_seconds end,
        k.wait_seconds,
        case when k.outcome_name = 'answered' then c.talk_seconds end,
        case when k.outcome_name = 'answered' then c.hold_seconds end,
        -- Wrap-up is told after the call: it counts once it is over.
        case
            when k.outcome_name = 'answered' and ($5 is null or c.ended_at + make_interval(secs => c.wrap_up_seconds) <= $5)
                then c.wrap_up_seconds
        end,
        c.source_name,
        c.call_id,
        c.stay_number,
        c.contact_id,
        c.offered_at,
        case when k.is_answered then c.answered_at end,
        case when k.is_ended then c.ended_at end,
        c.topic_name,
        case when k.is_ended then c.transfer_kind_name end,
        c.customer_key,
        c.channel_name,
        k.outcome_name
    from warehouse.calls as c
    inner join warehouse.queues as q on c.queue_id = q.queue_id
    cross join lateral (
        select
            c.answered_at is not null and ($5 is null or c.answered_at <= $5) as is_answered,
            -- What never got an end, and still is over, was over when it was told.
            $5 is null or coalesce(c.ended_at <= $5, c.outcome_name not in ('waiting', 'in_progress')) as is_ended
    ) as e
    cross join lateral (
        select
            e.is_answered,
            e.is_ended,
            case
                when e.is_ended then c.outcome_name
                when e.is_answered then 'in_progress'
                else 'waiting'
            end as outcome_name,
            case when e.is_answered or e.is_ended then c.wait_seconds end as wait_seconds
    ) as k
    where
        c.queue_id = $1 and c.offered_at >= $2 and c.offered_at < $3 and c.direction_name = 'inbound'
        and ($5 is null or c.offered_at <= $5)
$$;
comment on function warehouse.stay_measures is
'Grain: one row per inbound stay offered in [window_start, window_end) to one queue: what it adds to each additive column, and '
'what it is, as known at known_at (null: as known today). threshold_seconds null means the queue''s own. wait_bin is null while '
'the stay waits. Handle time is that of handled calls.';

drop function warehouse.chosen_calls(
    timestamptz, timestamptz, integer, integer, text, text, text, integer, text, integer, boolean
);
create function warehouse.chosen_calls(
    window_start timestamptz,
    window_end timestamptz,
    threshold_seconds integer,
    queue_id integer,
    group_name text,
    channel_name text,
    topic_name text,
    team_id integer,
    site_name text,
    agent_id integer,
    is_business_hours boolean,
    known_at timestamptz default null
) returns setof warehouse.stay
language sql stable as $$
    with belonging as materialized (
        select
            t.agent_id,
            warehouse.shown_at(t.started_date, z.time_zone_name, false) as starts_at,
            coalesce(warehouse.shown_at(t.ended_date, z.time_zone_name, false), 'infinity') as ends_at
        from warehouse.team_spans as t
        cross join (select coalesce(min(i.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as i) as z
        where t.team_id = $8
    )

    select m.*
    from warehouse.chosen_stretches($1, $2, $4, $5, $11) as s
    cross join lateral (
        select m.*
        from warehouse.stay_measures(s.queue_id, s.starts_at, s.ends_at, $3, $12) as m
        where
            -- Says the window once more, so that months outside of it are not planned for.
            m.offered_at >= $1 and m.offered_at < $2
            and ($6 is null or m.channel_name = $6)
            and ($7 is null or coalesce(m.topic_name, '') = $7)
            and ($10 is null or (m.agent_id = $10 and m.answered_at is not null))
            and (
                $9 is null
                or (
                    m.answered_at is not null
                    and m.agent_id in (select a.agent_id from warehouse.agents as a where coalesce(a.site_name, '') = $9)
                )
            )
            and (
                $8 is null
                or (
                    m.agent_id in (select b.agent_id from belonging as b)
                    and exists (
                        select 1 from belonging as b
                        where b.agent_id = m.agent_id and b.starts_at <= m.answered_at and b.ends_at > m.answered_at
                    )
                )
            )
        offset 0
    ) as m
$$;
comment on function warehouse.chosen_calls is
'Grain: one row per inbound stay that a reader has chosen; null narrows nothing, an empty text means the stays without one. '
'channel_name is the stay''s own. Team, site and agent choose the stays that such an agent answered: the team by the local day of '
'the answer. is_business_hours: only stays offered while the queue''s timetable is open; none where its hours are not known. '
'known_at: what had not happened by then is not known (null: all that is known today).';

create function warehouse.settled_until(known_at timestamptz, window_start timestamptz) returns timestamptz
language sql stable as $$
    select date_bin(
        '15 minutes',
        least(
            $1 - interval '24 hours',
            (
                select min(c.offered_at) from warehouse.calls as c
                where
                    c.offered_at >= $2 and c.offered_at < $1 - interval '24 hours' and c.ended_at is null
                    and c.answered_at > $1
            ),
            (
                select min(c.offered_at) from warehouse.calls as c
                where
                    c.offered_at >= $2 and c.offered_at < $1 - interval '24 hours'
                    -- What lasted so long has an index of its own.
                    and c.ended_at - c.offered_at > interval '4 hours'
                    and c.ended_at + make_interval(secs => coalesce(c.wrap_up_seconds, 0)) > $1
            )
        ),
        '2000-01-01 00:00+00'
    )
$$;
comment on function warehouse.settled_until is
'Up to which quarter of an hour the stays of a window that begins at window_start stood at known_at as they stand today: a day '
'before known_at, and before any older stay that was answered, ended or wrapped up only after it.';

drop function warehouse.chosen_intervals(
    timestamptz, timestamptz, integer, integer, text, text, text, integer, text, integer, boolean
);
create function warehouse.chosen_intervals(
    window_start timestamptz,
    window_end timestamptz,
    threshold_seconds integer,
    queue_id integer,
    group_name text,
    channel_name text,
    topic_name text,
    team_id integer,
    site_name text,
    agent_id integer,
    is_business_hours boolean,
    known_at timestamptz default null
) returns table (
    queue_id integer,
    interval_start_at timestamptz,
    offered_calls integer,
    answered_calls integer,
    answered_in_threshold_calls integer,
    abandoned_calls integer,
    short_abandoned_calls integer,
    abandoned_in_threshold_calls integer,
    flowed_out_calls integer,
    flowed_out_in_threshold_calls integer,
    callback_calls integer,
    overflowed_calls integer,
    timed_out_calls integer,
    withdrawn_calls integer,
    interrupted_calls integer,
    waiting_calls integer,
    in_progress_calls integer,
    handled_calls integer,
    transferred_calls integer,
    answered_wait_seconds integer,
    abandoned_wait_seconds integer,
    flowed_out_wait_seconds integer,
    longest_wait_seconds integer,
    talk_seconds integer,
    hold_seconds integer,
    wrap_up_seconds integer,
    wait_bin integer,
    answered_wait_histogram_calls integer [],
    abandoned_wait_histogram_calls integer [],
    flowed_out_wait_histogram_calls integer []
)
language sql stable as $$
    -- Of a past instant what had not settled by then is made of the stays, as they stood; what is older stands as today.
    with settled as materialized (
        select case when $12 is not null then warehouse.settled_until($12, $1) end as settled_at
    ),

    edge as materialized (
        select
            s.settled_at,
            warehouse.rollups_suffice(
                $1,
                -- The rollups end where the stays begin: then the window's end need be no quarter of an hour.
                case when $2 > s.settled_at then date_bin('15 minutes', $2, '2000-01-01 00:00+00') else $2 end,
                $3, $4, $5, $6, $7, $8, $9, $10, $11
            ) as is_enough
        from settled as s
    )

    select
        i.queue_id,
        i.interval_start_at,
        i.offered_calls,
        i.answered_calls,
        case when $3 is null then i.answered_in_threshold_calls else warehouse.calls_within(i.answered_wait_histogram_calls, $3) end,
        i.abandoned_calls,
        i.short_abandoned_calls,
        case when $3 is null then i.abandoned_in_threshold_calls else warehouse.calls_within(i.abandoned_wait_histogram_calls, $3) end,
        i.flowed_out_calls,
        case when $3 is null then i.flowed_out_in_threshold_calls else warehouse.calls_within(i.flowed_out_wait_histogram_calls, $3) end,
        i.callback_calls,
        i.overflowed_calls,
        i.timed_out_calls,
        i.withdrawn_calls,
        i.interrupted_calls,
        i.waiting_calls,
        i.in_progress_calls,
        i.handled_calls,
        i.transferred_calls,
        i.answered_wait_seconds,
        i.abandoned_wait_seconds,
        i.flowed_out_wait_seconds,
        i.longest_wait_seconds,
        i.talk_seconds,
        i.hold_seconds,
        i.wrap_up_seconds,
        null::integer,
        i.answered_wait_histogram_calls,
        i.abandoned_wait_histogram_calls,
        i.flowed_out_wait_histogram_calls
    from warehouse.chosen_stretches($1, $2, $4, $5, $11) as s
    cross join lateral (
        select i.*
        from warehouse.queue_intervals as i
        where
            i.queue_id = s.queue_id and i.interval_start_at >= s.starts_at and i.interval_start_at < s.ends_at
            and i.interval_start_at >= $1 and i.interval_start_at < $2
            and ($12 is null or i.interval_start_at < (select e.settled_at from edge as e))
        offset 0
    ) as i
    where (select e.is_enough from edge as e)
    union all
    select
        m.queue_id,
        m.interval_start_at,
        m.offered_calls,
        m.answered_calls,
        m.answered_in_threshold_calls,
        m.abandoned_calls,
        m.short_abandoned_calls,
        m.abandoned_in_threshold_calls,
        m.flowed_out_calls,
        m.flowed_out_in_threshold_calls,
        m.callback_calls,
        m.overflowed_calls,
        m.timed_out_calls,
        m.withdrawn_calls,
        m.interrupted_calls,
        m.waiting_calls,
        m.in_progress_calls,
        m.handled_calls,
        m.transferred_calls,
        m.answered_wait_seconds,
        m.abandoned_wait_seconds,
        m.wait_seconds * nullif(m.flowed_out_calls, 0),
        m.wait_seconds,
        m.talk_seconds,
        m.hold_seconds,
        m.wrap_up_seconds,
        m.wait_bin,
        null::integer [],
        null::integer [],
        null::integer []
    from edge as e
    cross join lateral warehouse.chosen_calls(
        case when $12 is not null and e.is_enough then greatest($1, e.settled_at) else $1 end,
        $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
    ) as m
    where $12 is not null or not (select e.is_enough from edge as e)
$$;
comment on function warehouse.chosen_intervals is
'What the chosen stays add to each additive column, for sums (longest_wait_seconds by max), narrowed as in chosen_calls. Grain: '
'one row per queue and 15 minutes from the rollups where they tell enough (with histograms of waits), else one row per stay '
'(with its wait_bin). known_at: as it stood then; the rollups tell of it only what had settled by then (settled_until).';

create function warehouse.schedule_stretches(
    window_start timestamptz,
    last_at timestamptz,
    as_of timestamptz,
    of_agent_id integer,
    of_site_name text,
    of_team_id integer
) returns table (
    agent_id integer,
    team_id integer,
    kind_name text,
    started_at timestamptz,
    ended_at timestamptz,
    scheduled_amount numeric,
    adherent_amount numeric,
    scheduled_on_queue_amount numeric,
    worked_on_queue_amount numeric,
    planned_shrinkage_amount numeric,
    unplanned_shrinkage_amount numeric,
    absent_amount numeric,
    unscheduled_amount numeric
)
language sql stable as $$
    with zone as (
        select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
    ),

    edge as (
        select
            $1 as start_at,
            $2 + interval '1 microsecond' as end_at,
            -- A departure is judged whole, also where the window cuts it.
            $1 - interval '12 hours' as seen_from_at,
            least($2 + interval '12 hours', $3) as seen_until_at
    ),

    chosen as materialized (
        select a.agent_id
        from warehouse.agents as a
        cross join edge as e
        where
            ($4 is null or a.agent_id = $4)
            and ($5 is null or coalesce(a.site_name, '') = $5)
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
        left join lateral warehouse.agent_lanes(e.seen_from_at, e.seen_until_at, $3, y.agent_id) as l on true
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

    scheduled as materialized (
        select
            j.agent_id,
            d.day_date,
            j.kind_name,
            u.piece_range,
            extract(epoch from upper(u.piece_range) - lower(u.piece_range)) as piece_amount,
            extract(epoch from coalesce(n.departed, interval '0')) as departed_amount,
            extract(epoch from upper(u.piece_range) - lower(u.piece_range) - coalesce(n.here, interval '0')) as lost_amount,
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

    -- Time on queues of each day: beside the time scheduled for it, or, on a day without any, unscheduled.
    worked as (
        select
            h.agent_id,
            d.day_date,
            u.piece_range,
            extract(epoch from upper(u.piece_range) - lower(u.piece_range)) as piece_amount,
            w.agent_id is not null as is_scheduled
        from presence as h
        inner join days as d on d.day_range && h.on_ranges
        cross join lateral unnest(d.day_range * h.on_ranges) as u (piece_range)
        left join (select distinct s.agent_id, s.day_date from scheduled as s where s.kind_name = 'work') as w
            on h.agent_id = w.agent_id and d.day_date = w.day_date
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
            case when s.kind_name in ('planned_off', 'planned_absence') then s.lost_amount else 0 end as planned_shrinkage_amount,
            case
                when s.kind_name in ('work', 'unplanned_off', 'unplanned_absence') then s.lost_amount else 0
            end as unplanned_shrinkage_amount,
            case
                when s.kind_name = 'unplanned_absence' then s.lost_amount
                when s.is_no_show then s.piece_amount
                else 0
            end as absent_amount,
            0 as unscheduled_amount
        from scheduled as s
        union all
        select
            w.agent_id,
            w.day_date,
            'on_queue' as kind_name,
            w.piece_range,
            0 as scheduled_amount,
            0 as adherent_amount,
            0 as scheduled_on_queue_amount,
            case when w.is_scheduled then w.piece_amount else 0 end as worked_on_queue_amount,
            0 as planned_shrinkage_amount,
            0 as unplanned_shrinkage_amount,
            0 as absent_amount,
            case when w.is_scheduled then 0 else w.piece_amount end as unscheduled_amount
        from worked as w
    )

    select
        p.agent_id,
        s.team_id,
        p.kind_name,
        lower(p.piece_range),
        upper(p.piece_range),
        p.scheduled_amount,
        p.adherent_amount,
        p.scheduled_on_queue_amount,
        p.worked_on_queue_amount,
        p.planned_shrinkage_amount,
        p.unplanned_shrinkage_amount,
        p.absent_amount,
        p.unscheduled_amount
    from parts as p
    left join spans as s on p.agent_id = s.agent_id and p.day_date >= s.started_date and p.day_date < s.ended_date
    where $6 is null or s.team_id = $6
$$;
comment on function warehouse.schedule_stretches is
'Grain: one row per agent and stretch of his schedule, cut at local midnights and at the window''s borders (kind_name: work, '
'planned_off, unplanned_off, planned_absence, unplanned_absence), and one per stretch in which he was on queues (on_queue); amounts '
'are seconds to the microsecond. Who has shifts within a month of the window, and of whose states some source tells. Paid scheduled '
'time counts until as_of, on its local day; an unpaid break is cut out of the shift. A departure that touches the border of a '
'scheduled stretch and lasts no longer than the grace is none. Absent: absence that was not planned, and a stretch of work, longer '
'than the grace, in which he was never signed in. Unscheduled: time on queues on local days without scheduled work.';

create function warehouse.agent_schedules(
    window_start timestamptz,
    last_at timestamptz,
    as_of timestamptz,
    of_agent_id integer,
    of_site_name text,
    of_team_id integer
) returns table (
    agent_id integer,
    team_id integer,
    scheduled_seconds bigint,
    adherent_seconds bigint,
    scheduled_on_queue_seconds bigint,
    worked_on_queue_seconds bigint,
    planned_shrinkage_seconds bigint,
    unplanned_shrinkage_seconds bigint,
    absent_seconds bigint,
    unscheduled_seconds bigint
)
language sql stable as $$
    select
        s.agent_id,
        s.team_id,
        round(sum(s.scheduled_amount)),
        round(sum(s.adherent_amount)),
        round(sum(s.scheduled_on_queue_amount)),
        round(sum(s.worked_on_queue_amount)),
        round(sum(s.planned_shrinkage_amount)),
        round(sum(s.unplanned_shrinkage_amount)),
        round(sum(s.absent_amount)),
        round(sum(s.unscheduled_amount))
    from warehouse.schedule_stretches($1, $2, $3, $4, $5, $6) as s
    group by s.agent_id, s.team_id
$$;
comment on function warehouse.agent_schedules is
'Grain: one row per agent and team to which he belonged, if he has schedule_stretches in the window: their sums.';

create function warehouse.callback_requests(
    window_start timestamptz, window_end timestamptz, as_of timestamptz, of_queue_id integer, of_group_name text
) returns table (
    queue_id integer,
    queue_name text,
    group_name text,
    source_name text,
    call_id text,
    contact_id text,
    requested_at timestamptz,
    promised_at timestamptz,
    tried_at timestamptz,
    reached_at timestamptz,
    agent_name text,
    is_reached boolean,
    given_up_at timestamptz,
    is_given_up boolean,
    is_due boolean,
    is_kept boolean
)
language sql stable as $$
    select
        c.queue_id,
        q.queue_name,
        q.group_name,
        c.source_name,
        c.call_id,
        c.contact_id,
        c.ended_at as requested_at,
        p.promised_at,
        k.tried_at,
        k.reached_at,
        k.agent_name,
        k.reached_at is not null as is_reached,
        p.given_up_at,
        k.reached_at is null and p.given_up_at <= $3 as is_given_up,
        p.promised_at <= $3 as is_due,
        coalesce(k.reached_at <= p.promised_at, false) as is_kept
    from warehouse.calls as c
    inner join warehouse.queues as q on c.queue_id = q.queue_id
    cross join lateral (
        select
            c.ended_at + make_interval(secs => coalesce(q.callback_promise_seconds, 86400)) as promised_at,
            c.ended_at + greatest(interval '7 days', make_interval(secs => q.callback_promise_seconds)) as given_up_at
    ) as p
    left join lateral (
        select
            min(n.offered_at) as tried_at,
            min(n.answered_at) filter (where n.answered_at <= least($3, p.given_up_at)) as reached_at,
            (array_agg(a.agent_name order by n.answered_at) filter (where n.answered_at <= least($3, p.given_up_at)))[1]
                as agent_name
        from warehouse.contact_links as l
        inner join warehouse.calls as n
            -- Said so that both indexes serve: contacts whose id is that of their call, and the others.
            on
                l.source_name = n.source_name and n.offered_at >= c.offered_at
                and (
                    (l.contact_id = n.call_id and n.contact_id = n.call_id)
                    or (l.contact_id = n.contact_id and n.contact_id <> n.call_id)
                )
        left join warehouse.agents as a on n.agent_id = a.agent_id
        where
            l.link_name = 'callback' and l.linked_contact_id = c.contact_id and l.linked_source_name = c.source_name
            and n.offered_at <= $3
    ) as k on true
    where
        c.outcome_name = 'callback' and c.direction_name = 'inbound'
        and c.offered_at >= $1 and c.offered_at < $2 and c.ended_at <= $3
        and ($4 is null or c.queue_id = $4)
        and ($5 is null or coalesce(q.group_name, '') = $5)
$$;
comment on function warehouse.callback_requests is
'Grain: one row per stay that left its queue for a callback, offered in the window. Given up: not reached within seven days, or by '
'the promise where it is longer. Reached: a later contact that keeps the request was answered before that, and by as_of. The promise '
'is the queue''s, a day without one.';
create index calls_by_callback on warehouse.calls (offered_at) where outcome_name = 'callback';

create function warehouse.self_service_measures(
    window_start timestamptz, window_end timestamptz, known_at timestamptz
) returns table (
    channel_name text,
    contained_contacts integer,
    passed_on_contacts integer,
    left_contacts integer,
    agent_served_contacts integer
)
language sql stable as $$
    select
        v.channel_name,
        (v.outcome_name = 'contained')::integer,
        (v.outcome_name = 'passed_on')::integer,
        (v.outcome_name = 'left')::integer,
        -- Passed on, and not known to have given up in the queue.
        (
            v.outcome_name = 'passed_on'
            and (
                not exists (
                    select 1 from warehouse.calls as c
                    where c.call_id = v.contact_id or (c.contact_id = v.contact_id and c.contact_id <> c.call_id)
                )
                or exists (
                    select 1 from warehouse.calls as c
                    where
                        (c.call_id = v.contact_id or (c.contact_id = v.contact_id and c.contact_id <> c.call_id))
                        and c.answered_at <= $3
                )
            )
        )::integer
    from warehouse.self_services as v
    where v.started_at >= $1 and v.started_at < $2
$$;
comment on function warehouse.self_service_measures is
'Grain: one row per visit to a menu, bot or page: whether it was settled there, passed on, or left, and whether an agent took the '
'contact over by known_at.';

create or replace function warehouse.contact_outcomes(
    window_start timestamptz, window_end timestamptz, as_of timestamptz, repeat_days integer
) returns setof warehouse.contact_outcome
language sql stable as $$
    -- Stays around the window: the legs of a contact lie within days of each other, and so do its answer and its ticket.
    with recursive stays as materialized (
        select
            c.offered_at,
            c.answered_at,
            c.ended_at,
            c.queue_id,
            c.agent_id,
            c.stay_number,
            c.source_name,
            c.call_id,
            c.contact_id,
            c.channel_name,
            c.topic_name,
            c.customer_key,
            c.csat_score,
            c.nps_score,
            c.is_resolved,
            c.direction_name = 'inbound' as is_inbound,
            c.direction_name = 'inbound' and c.answered_at is not null and c.ended_at is not null as is_handled
        from warehouse.calls as c
        where
            c.offered_at >= $1 - interval '7 days' and c.offered_at < $2 + make_interval(days => greatest(7, $4))
            and c.offered_at <= $3
    ),

    -- Of the legs of a contact the last answered one stands for it: that queue and that agent were met last.
    call_contacts as materialized (
        select distinct on (s.source_name, s.contact_id)
            s.*,
            q.group_name,
            coalesce(q.group_name, q.queue_name) as follow_name
        from stays as s
        inner join warehouse.queues as q on s.queue_id = q.queue_id
        order by s.source_name, s.contact_id, s.is_handled desc, s.offered_at desc, s.call_id, s.stay_number desc
    ),

    -- A ticket that was written about a call is no contact of its own.
    call_tickets as materialized (
        select distinct on (t.source_name, t.ticket_id)
            t.source_name as ticket_source_name,
            t.ticket_id,
            t.csat_score,
            t.last_resolved_at,
            t.created_at,
            s.source_name,
            s.contact_id
        from stays as s
        inner join warehouse.tickets as t
            on
                s.call_id = t.call_id
                and (
                    s.source_name = t.source_name
                    or not exists (
                        select 1 from warehouse.calls as o
                        where o.source_name = t.source_name and o.call_id = t.call_id
                    )
                )
        where not t.is_deleted
        order by
            t.source_name, t.ticket_id, t.source_name = s.source_name desc,
            abs(extract(epoch from t.created_at - s.offered_at)), s.source_name, s.contact_id
    ),

    ticket_contacts as materialized (
        select
            t.*,
            coalesce(t.last_resolved_at, t.created_at) as happened_at
        from warehouse.tickets as t
        where
            not t.is_deleted
            and (
                (t.last_resolved_at >= $1 and t.last_resolved_at < $2)
                or (t.last_resolved_at is null and t.created_at >= $1 and t.created_at < $2)
            )
            and coalesce(t.last_resolved_at, t.created_at) <= $3
            and not exists (select 1 from warehouse.calls as c where c.call_id = t.call_id)
    ),

    -- Which contact a survey is about: by its call, its contact or its ticket; of namesakes that of its own
    -- source; of two systems of which neither is its own none, as nobody knows whose contact it was.
    -- A namesake elsewhere is left out even where its own one lies outside this window: else a survey would count in two windows.
    survey_links as (
        select distinct on (n.survey_source_name, n.survey_id) n.*
        from (
            select
                v.source_name as survey_source_name,
                v.survey_id,
                'call' as kind_name,
                s.source_name,
                s.contact_id,
                1 as rank_number,
                abs(extract(epoch from v.answered_at - s.offered_at)) as apart_seconds
            from stays as s
            inner join warehouse.surveys as v
                on
                    s.call_id = v.call_id
                    and (
                        s.source_name = v.source_name
                        or not exists (
                            select 1 from warehouse.calls as o
                            where o.call_id = v.call_id and o.source_name <> s.source_name
                        )
                    )
            union all
            select
                v.source_name,
                v.survey_id,
                'call',
                s.source_name,
                s.contact_id,
                2,
                abs(extract(epoch from v.answered_at - s.offered_at))
            from stays as s
            inner join warehouse.surveys as v
                on
                    s.contact_id = v.contact_id
                    and (
                        s.source_name = v.source_name
                        or not exists (
                            select 1 from warehouse.calls as o
                            where o.contact_id = v.contact_id and o.source_name <> s.source_name
                                and (o.contact_id <> o.call_id or o.call_id = v.contact_id)
                        )
                    )
            union all
            select
                v.source_name,
                v.survey_id,
                'call',
                t.source_name,
                t.contact_id,
                3,
                abs(extract(epoch from v.answered_at - t.created_at))
            from call_tickets as t
            inner join warehouse.surveys as v
                on
                    t.ticket_id = v.ticket_id
                    and (
                        t.ticket_source_name = v.source_name
                        or not exists (
                            select 1 from warehouse.tickets as o
                            where o.ticket_id = v.ticket_id and o.source_name <> t.ticket_source_name and not o.is_deleted
                        )
                    )
            union all
            select
                v.source_name,
                v.survey_id,
                'ticket',
                t.source_name,
                t.ticket_id,
                3,
                abs(extract(epoch from v.answered_at - t.created_at))
            from ticket_contacts as t
            inner join warehouse.surveys as v
                on
                    t.ticket_id = v.ticket_id
                    and (
                        t.source_name = v.source_name
                        or not exists (
                            select 1 from warehouse.tickets as o
                            where o.ticket_id = v.ticket_id and o.source_name <> t.source_name and not o.is_deleted
                        )
                    )
        ) as n
        order by
            n.survey_source_name, n.survey_id, n.rank_number, n.source_name = n.survey_source_name desc, n.apart_seconds,
            n.source_name, n.contact_id
    ),

    told as (
        select
            l.kind_name,
            l.source_name,
            l.contact_id,
            v.answered_at as told_at,
            v.csat_score,
            v.nps_score,
            v.is_resolved,
            v.comment_text,
            v.source_name as survey_source_name,
            v.survey_id
        from survey_links as l
        inner join warehouse.surveys as v on l.survey_source_name = v.source_name and l.survey_id = v.survey_id
        union all
        select
            'call',
            s.source_name,
            s.contact_id,
            coalesce(s.ended_at, s.offered_at),
            s.csat_score,
            s.nps_score,
            null,
            null,
            null,
            null
        from stays as s
        where s.csat_score is not null or s.nps_score is not null
        union all
        select
            'call',
            t.source_name,
            t.contact_id,
            coalesce(t.last_resolved_at, t.created_at),
            t.csat_score,
            null,
            null,
            null,
            null,
            null
        from call_tickets as t
        where t.csat_score is not null
        union all
        select
            'ticket',
            t.source_name,
            t.ticket_id,
            t.happened_at,
            t.csat_score,
            null,
            null,
            null,
            null,
            null
        from ticket_contacts as t
        where t.csat_score is not null
        union all
        -- What names no contact that we know, or two of them, stands for itself.
        select
            'survey',
            v.source_name,
            v.survey_id,
            v.answered_at,
            v.csat_score,
            v.nps_score,
            v.is_resolved,
            v.comment_text,
            v.source_name,
            v.survey_id
        from warehouse.surveys as v
        where
            v.answered_at >= $1 and v.answered_at < $2
            and not exists (
                select 1 from warehouse.calls as c
                where
                    c.call_id = v.call_id
                    and (
                        c.source_name = v.source_name
                        or not exists (
                            select 1 from warehouse.calls as o
                            where o.call_id = v.call_id and o.source_name <> c.source_name
                        )
                    )
            )
            and not exists (
                select 1 from warehouse.calls as c
                where
                    c.contact_id = v.contact_id and (c.contact_id <> c.call_id or c.call_id = v.contact_id)
                    and (
                        c.source_name = v.source_name
                        or not exists (
                            select 1 from warehouse.calls as o
                            where o.contact_id = v.contact_id and o.source_name <> c.source_name
                                and (o.contact_id <> o.call_id or o.call_id = v.contact_id)
                        )
                    )
            )
            and not exists (
                select 1 from warehouse.tickets as t
                where
                    t.ticket_id = v.ticket_id and not t.is_deleted
                    and (
                        t.source_name = v.source_name
                        or not exists (
                            select 1 from warehouse.tickets as o
                            where o.ticket_id = v.ticket_id and o.source_name <> t.source_name and not o.is_deleted
                        )
                    )
            )
    ),

    -- A leg that a transfer or a kept callback made is no further contact of the customer; it stands for the one before.
    legs as materialized (
        select
            l.source_name,
            l.contact_id,
            l.linked_source_name,
            l.linked_contact_id
        from warehouse.contact_links as l
        where l.link_name in ('transfer', 'callback') and l.linked_at >= $1 - interval '7 days'
    ),

    later_legs as (
        select
            l.linked_source_name,
            l.linked_contact_id,
            l.source_name,
            l.contact_id
        from legs as l
        union
        select
            e.linked_source_name,
            e.linked_contact_id,
            l.source_name,
            l.contact_id
        from later_legs as e
        inner join legs as l on e.source_name = l.linked_source_name and e.contact_id = l.linked_contact_id
    ),

    -- The last handled leg stands for every contact before it; one whose further legs nobody answered stands for itself.
    passed_on as materialized (
        select distinct on (e.linked_source_name, e.linked_contact_id)
            'call' as kind_name,
            e.linked_source_name,
            e.linked_contact_id,
            n.source_name,
            n.contact_id
        from later_legs as e
        inner join call_contacts as n on e.source_name = n.source_name and e.contact_id = n.contact_id
        where n.is_handled
        order by e.linked_source_name, e.linked_contact_id, n.offered_at desc, n.source_name, n.contact_id
    ),

    -- One answer per contact, of all its legs together: of several the last score of each kind stands.
    answers as (
        select
            t.kind_name,
            coalesce(p.source_name, t.source_name) as source_name,
            coalesce(p.contact_id, t.contact_id) as contact_id,
            max(t.told_at) as told_at,
            (array_agg(t.csat_score order by t.told_at desc, t.survey_id) filter (where t.csat_score is not null))[1] as csat_score,
            (array_agg(t.nps_score order by t.told_at desc, t.survey_id) filter (where t.nps_score is not null))[1] as nps_score,
            (array_agg(t.is_resolved order by t.told_at desc, t.survey_id) filter (where t.is_resolved is not null))[1] as is_resolved,
            (array_agg(t.comment_text order by t.told_at desc, t.survey_id) filter (where t.comment_text <> ''))[1] as comment_text,
            (array_agg(t.survey_source_name order by t.told_at desc, t.survey_id) filter (where t.survey_id is not null))[1]
                as survey_source_name,
            (array_agg(t.survey_id order by t.told_at desc, t.survey_id) filter (where t.survey_id is not null))[1] as survey_id
        from told as t
        full join passed_on as p
            on t.kind_name = p.kind_name and t.source_name = p.linked_source_name and t.contact_id = p.linked_contact_id
        where coalesce(t.told_at, 'infinity') <= $3
        group by t.kind_name, coalesce(p.source_name, t.source_name), coalesce(p.contact_id, t.contact_id)
    ),

    -- Who may come again, and every coming of a customer, in one line of time: what follows a contact is seen without a join.
    comings as (
        select
            c.customer_key,
            c.follow_name,
            c.offered_at as happened_at,
            null::timestamptz as came_at,
            c.source_name,
            c.contact_id
        from call_contacts as c
        where
            c.offered_at >= $1 and c.offered_at < $2 and c.is_handled and c.customer_key is not null
            and (c.source_name, c.contact_id) not in (select p.linked_source_name, p.linked_contact_id from passed_on as p)
        union all
        select
            s.customer_key,
            coalesce(q.group_name, q.queue_name),
            min(s.offered_at),
            min(s.offered_at),
            null,
            null
        from stays as s
        inner join warehouse.queues as q on s.queue_id = q.queue_id
        where
            s.customer_key is not null and s.is_inbound
            and (s.source_name, s.contact_id) not in (select l.source_name, l.contact_id from legs as l)
        group by s.customer_key, coalesce(q.group_name, q.queue_name), s.source_name, s.contact_id
        union all
        select
            t.customer_key,
            t.group_name,
            t.created_at,
            t.created_at,
            null,
            null
        from warehouse.tickets as t
        where
            t.customer_key is not null and not t.is_deleted and t.call_id is null
            and t.created_at >= $1 and t.created_at < $2 + make_interval(days => $4) and t.created_at <= $3
    ),

    follow as (
        select
            n.source_name,
            n.contact_id,
            coalesce(n.next_at <= n.happened_at + make_interval(days => $4), false) as is_repeated
        from (
            select
                c.source_name,
                c.contact_id,
                c.happened_at,
                min(c.came_at) over (
                    partition by c.customer_key, c.follow_name order by c.happened_at
                    groups between 1 following and unbounded following
                ) as next_at
            from comings as c
        ) as n
        where n.contact_id is not null
    ),

    zone as (
        select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name
        from warehouse.sites as s
    ),

    contacts as (
        select
            c.offered_at as happened_at,
            cast(coalesce(c.answered_at, c.offered_at) at time zone z.time_zone_name as date) as local_date,
            c.queue_id,
            c.agent_id,
            'call' as kind_name,
            c.source_name,
            c.contact_id,
            c.channel_name,
            c.group_name,
            c.topic_name,
            c.customer_key,
            c.is_resolved,
            c.is_handled
            and (c.source_name, c.contact_id) not in (select p.linked_source_name, p.linked_contact_id from passed_on as p)
                as is_askable,
            f.is_repeated,
            c.offered_at + make_interval(days => $4) > $3 as is_provisional
        from call_contacts as c
        cross join zone as z
        -- A full join, of which one side is then left out, is never made by asking for each row anew.
        full join follow as f on c.source_name = f.source_name and c.contact_id = f.contact_id
        where coalesce(c.offered_at, '-infinity') >= $1 and coalesce(c.offered_at, 'infinity') < $2
        union all
        select
            t.happened_at,
            cast(t.happened_at at time zone z.time_zone_name as date),
            null,
            t.agent_id,
            'ticket',
            t.source_name,
            t.ticket_id,
            t.channel_name,
            t.group_name,
            t.topic_name,
            t.customer_key,
            null,
            t.resolved_at is not null,
            null,
            false
        from ticket_contacts as t
        cross join zone as z
        union all
        select
            v.answered_at,
            cast(v.answered_at at time zone z.time_zone_name as date),
            v.queue_id,
            v.agent_id,
            'survey',
            v.source_name,
            v.survey_id,
            q.channel_name,
            q.group_name,
            null,
            v.customer_key,
            null,
            false,
            null,
            false
        from told as u
        inner join warehouse.surveys as v on u.survey_source_name = v.source_name and u.survey_id = v.survey_id
        cross join zone as z
        left join warehouse.queues as q on v.queue_id = q.queue_id
        where u.kind_name = 'survey'
    )

    select
        c.happened_at,
        a.told_at,
        c.local_date,
        c.queue_id,
        c.agent_id,
        c.kind_name,
        c.source_name,
        c.contact_id,
        c.channel_name,
        c.group_name,
        c.topic_name,
        c.customer_key,
        a.csat_score,
        a.nps_score,
        coalesce(a.is_resolved, c.is_resolved),
        a.comment_text,
        a.survey_source_name,
        a.survey_id,
        c.is_askable::integer,
        (a.told_at is not null and c.is_askable)::integer,
        (a.told_at is not null and not c.is_askable)::integer,
        (a.csat_score is not null)::integer,
        coalesce(a.csat_score >= 4, false)::integer,
        (a.nps_score is not null)::integer,
        coalesce(a.nps_score >= 9, false)::integer,
        coalesce(a.nps_score < 7, false)::integer,
        (c.is_askable and coalesce(a.is_resolved, c.is_resolved) is not null)::integer,
        coalesce(c.is_askable and coalesce(a.is_resolved, c.is_resolved), false)::integer,
        (c.is_repeated is not null)::integer,
        coalesce(c.is_repeated, false)::integer,
        (c.is_repeated is not null and not c.is_repeated and c.is_provisional)::integer
    from contacts as c
    full join answers as a on c.kind_name = a.kind_name and c.source_name = a.source_name and c.contact_id = a.contact_id
    where coalesce(c.kind_name, '') <> '' and (c.is_askable or a.told_at is not null)
$$;
comment on function warehouse.contact_outcomes is
'Grain: one row per contact that could be asked (answered inbound call, solved ticket) or that answered a survey, in '
'[window_start, window_end), as known at as_of. A contact belongs to the offer of its last answered leg, a ticket to its last '
'solving, an answer that names no known contact, or two of them, to its own instant. Followed: the customer is known; repeated: '
'another contact of the customer in the same group within repeat_days; provisional: not repeated, and the days have not passed.';
