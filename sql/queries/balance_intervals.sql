-- Does what came in equal what became of it, interval by interval: by the rollups, by the facts, and by when contacts left?
-- Grain: one row per 15 minutes of the window, or (:is_by_day) per local day of the site. offered to waiting: the contacts offered
-- then, by the facts; rolled_*: the same by the rollups; left_*: the contacts whose wait ended then, whenever they were offered;
-- queued_before and queued_after: those in the queues at its two borders. Outbound and internal calls are in none of them.
with zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

starts as (
    select i.slot_start_at
    from generate_series(cast(:window_start as timestamptz), :window_end, interval '15 minutes') as i (slot_start_at)
    where not :is_by_day and i.slot_start_at < :window_end
    union
    select greatest(d.day_at at time zone z.time_zone_name, :window_start)
    from zone as z
    cross join lateral generate_series(
        date_trunc('day', :window_start at time zone z.time_zone_name),
        cast(:window_end as timestamptz) at time zone z.time_zone_name,
        interval '1 day'
    ) as d (day_at)
    where :is_by_day and d.day_at at time zone z.time_zone_name < :window_end
),

slots as (
    select
        s.slot_start_at,
        row_number() over (order by s.slot_start_at) as slot_number,
        lead(s.slot_start_at, 1, :window_end) over (order by s.slot_start_at) as slot_end_at
    from starts as s
),

ladder as materialized (
    select
        array_agg(s.slot_start_at order by s.slot_start_at) as starts_at,
        cast(count(*) as integer) as slot_count
    from starts as s
),

stays as (
    select
        m.offered_at,
        coalesce(m.answered_at, m.ended_at) as left_at,
        m.answered_calls,
        m.abandoned_calls,
        m.callback_calls,
        m.overflowed_calls,
        m.timed_out_calls,
        m.withdrawn_calls,
        m.interrupted_calls,
        m.waiting_calls
    from warehouse.chosen_calls(
        cast(:window_start as timestamptz) - interval '4 hours',
        :window_end, null, :queue_id, :group_name, null, null, null, null, null, false
    ) as m
    union all
    -- Who came more than four hours before the window: only the few that were still there.
    select
        c.offered_at,
        coalesce(c.answered_at, c.ended_at),
        (c.answered_at is not null)::integer,
        (c.outcome_name = 'abandoned')::integer,
        (c.outcome_name = 'callback')::integer,
        (c.outcome_name = 'overflowed')::integer,
        (c.outcome_name = 'timed_out')::integer,
        (c.outcome_name = 'withdrawn')::integer,
        (c.outcome_name = 'interrupted' and c.answered_at is null)::integer,
        (c.outcome_name = 'waiting')::integer
    from warehouse.queues as q
    cross join lateral (
        select o.*
        from warehouse.calls as o
        where o.queue_id = q.queue_id and o.ended_at is null and o.offered_at < :window_start - interval '4 hours'
        union all
        select l.*
        from warehouse.calls as l
        where
            l.queue_id = q.queue_id and l.ended_at - l.offered_at > interval '4 hours'
            and l.offered_at < :window_start - interval '4 hours' and l.ended_at >= :window_start
    ) as c
    where
        c.direction_name = 'inbound' and coalesce(c.answered_at, c.ended_at, 'infinity') >= :window_start
        and (cast(:queue_id as integer) is null or q.queue_id = :queue_id)
        and (cast(:group_name as text) is null or coalesce(q.group_name, '') = :group_name)
),

-- In which slot each came and left: 0 before the window, one more than the last after it or not yet.
placed as (
    select
        c.*,
        width_bucket(c.offered_at, l.starts_at) as offered_number,
        case
            when c.left_at is null or c.left_at >= :window_end then l.slot_count + 1
            else width_bucket(c.left_at, l.starts_at)
        end as left_number
    from stays as c
    cross join ladder as l
),

spans as materialized (
    select
        p.offered_number,
        p.left_number,
        count(*) as stay_calls,
        sum(p.answered_calls) as answered_calls,
        sum(p.abandoned_calls) as abandoned_calls,
        sum(p.callback_calls) as callback_calls,
        sum(p.overflowed_calls) as overflowed_calls,
        sum(p.timed_out_calls) as timed_out_calls,
        sum(p.withdrawn_calls) as withdrawn_calls,
        sum(p.interrupted_calls) as interrupted_calls,
        sum(p.waiting_calls) as waiting_calls
    from placed as p
    group by p.offered_number, p.left_number
),

offered as (
    select
        c.offered_number as slot_number,
        sum(c.stay_calls) as offered_calls,
        sum(c.answered_calls) as answered_calls,
        sum(c.abandoned_calls) as abandoned_calls,
        sum(c.callback_calls) as callback_calls,
        sum(c.overflowed_calls) as overflowed_calls,
        sum(c.timed_out_calls) as timed_out_calls,
        sum(c.withdrawn_calls) as withdrawn_calls,
        sum(c.interrupted_calls) as interrupted_calls,
        sum(c.waiting_calls) as waiting_calls,
        sum(c.stay_calls) filter (where c.left_number > c.offered_number) as left_later_calls
    from spans as c
    group by c.offered_number
),

gone as (
    select
        c.left_number as slot_number,
        sum(c.stay_calls) as left_calls,
        sum(c.answered_calls) as left_answered_calls,
        sum(c.abandoned_calls) as left_abandoned_calls,
        sum(c.callback_calls) as left_callback_calls,
        sum(c.overflowed_calls) as left_overflowed_calls,
        sum(c.timed_out_calls) as left_timed_out_calls,
        sum(c.withdrawn_calls) as left_withdrawn_calls,
        sum(c.interrupted_calls) as left_interrupted_calls,
        sum(c.stay_calls) filter (where c.offered_number < c.left_number) as offered_earlier_calls
    from spans as c
    group by c.left_number
),

-- Who stood in the queues when a slot ended: came in it or before, left after it.
standing as (
    select
        g.slot_number,
        sum(c.stay_calls) as queued_calls
    from spans as c
    cross join lateral generate_series(c.offered_number, c.left_number - 1) as g (slot_number)
    group by g.slot_number
),

rolled as (
    select
        width_bucket(i.interval_start_at, l.starts_at) as slot_number,
        sum(i.offered_calls) as offered_calls,
        sum(i.answered_calls) as answered_calls,
        sum(i.abandoned_calls) as abandoned_calls,
        sum(i.callback_calls) as callback_calls,
        sum(i.overflowed_calls) as overflowed_calls,
        sum(i.timed_out_calls) as timed_out_calls,
        sum(i.withdrawn_calls) as withdrawn_calls,
        sum(i.interrupted_calls) as interrupted_calls,
        sum(i.waiting_calls) as waiting_calls
    from warehouse.queue_intervals as i
    inner join warehouse.queues as q on i.queue_id = q.queue_id
    cross join ladder as l
    where
        i.interval_start_at >= :window_start and i.interval_start_at < :window_end
        and (cast(:queue_id as integer) is null or i.queue_id = :queue_id)
        and (cast(:group_name as text) is null or coalesce(q.group_name, '') = :group_name)
    group by width_bucket(i.interval_start_at, l.starts_at)
)

select
    s.slot_start_at as interval_start_at,
    s.slot_end_at as interval_end_at,
    coalesce(o.offered_calls, 0) as offered_calls,
    coalesce(o.answered_calls, 0) as answered_calls,
    coalesce(o.abandoned_calls, 0) as abandoned_calls,
    coalesce(o.callback_calls, 0) as callback_calls,
    coalesce(o.overflowed_calls, 0) as overflowed_calls,
    coalesce(o.timed_out_calls, 0) as timed_out_calls,
    coalesce(o.withdrawn_calls, 0) as withdrawn_calls,
    coalesce(o.interrupted_calls, 0) as interrupted_calls,
    coalesce(o.waiting_calls, 0) as waiting_calls,
    coalesce(r.offered_calls, 0) as rolled_offered_calls,
    coalesce(r.answered_calls, 0) as rolled_answered_calls,
    coalesce(r.abandoned_calls, 0) as rolled_abandoned_calls,
    coalesce(r.callback_calls, 0) as rolled_callback_calls,
    coalesce(r.overflowed_calls, 0) as rolled_overflowed_calls,
    coalesce(r.timed_out_calls, 0) as rolled_timed_out_calls,
    coalesce(r.withdrawn_calls, 0) as rolled_withdrawn_calls,
    coalesce(r.interrupted_calls, 0) as rolled_interrupted_calls,
    coalesce(r.waiting_calls, 0) as rolled_waiting_calls,
    coalesce(b.queued_calls, 0) as queued_before_calls,
    coalesce(g.left_calls, 0) as left_calls,
    coalesce(g.left_answered_calls, 0) as left_answered_calls,
    coalesce(g.left_abandoned_calls, 0) as left_abandoned_calls,
    coalesce(g.left_callback_calls, 0) as left_callback_calls,
    coalesce(g.left_overflowed_calls, 0) as left_overflowed_calls,
    coalesce(g.left_timed_out_calls, 0) as left_timed_out_calls,
    coalesce(g.left_withdrawn_calls, 0) as left_withdrawn_calls,
    coalesce(g.left_interrupted_calls, 0) as left_interrupted_calls,
    coalesce(g.offered_earlier_calls, 0) as offered_earlier_calls,
    coalesce(o.left_later_calls, 0) as left_later_calls,
    coalesce(e.queued_calls, 0) as queued_after_calls
from slots as s
left join offered as o on s.slot_number = o.slot_number
left join gone as g on s.slot_number = g.slot_number
left join rolled as r on s.slot_number = r.slot_number
left join standing as b on s.slot_number = b.slot_number + 1
left join standing as e on s.slot_number = e.slot_number
order by s.slot_start_at
