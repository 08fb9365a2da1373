-- Rolls up again the queue intervals that are noted as dirty, from the facts.
-- Grain: one row per queue and 15 minutes. Dirty intervals less than two hours apart are read as one stretch.
with marked as (
    select
        d.queue_id,
        d.interval_start_at,
        case
            when
                d.interval_start_at
                - lag(d.interval_start_at) over (partition by d.queue_id order by d.interval_start_at)
                <= interval '2 hours'
                then 0
            else 1
        end as begins_stretch
    from dirty_queue_intervals as d
),

numbered as (
    select
        m.queue_id,
        m.interval_start_at,
        sum(m.begins_stretch) over (partition by m.queue_id order by m.interval_start_at) as stretch
    from marked as m
),

stretches as materialized (
    select
        n.queue_id,
        min(n.interval_start_at) as stretch_start_at,
        max(n.interval_start_at) + interval '15 minutes' as stretch_end_at
    from numbered as n
    group by n.queue_id, n.stretch
),

fresh as (
    select
        s.queue_id,
        s.interval_start_at,
        sum(s.offered_calls) as offered_calls,
        sum(s.answered_calls) as answered_calls,
        sum(s.answered_in_threshold_calls) as answered_in_threshold_calls,
        sum(s.abandoned_calls) as abandoned_calls,
        sum(s.short_abandoned_calls) as short_abandoned_calls,
        sum(s.abandoned_in_threshold_calls) as abandoned_in_threshold_calls,
        sum(s.flowed_out_calls) as flowed_out_calls,
        sum(s.flowed_out_in_threshold_calls) as flowed_out_in_threshold_calls,
        sum(s.callback_calls) as callback_calls,
        sum(s.overflowed_calls) as overflowed_calls,
        sum(s.timed_out_calls) as timed_out_calls,
        sum(s.withdrawn_calls) as withdrawn_calls,
        sum(s.interrupted_calls) as interrupted_calls,
        sum(s.waiting_calls) as waiting_calls,
        sum(s.in_progress_calls) as in_progress_calls,
        sum(s.handled_calls) as handled_calls,
        sum(s.transferred_calls) as transferred_calls,
        coalesce(sum(s.answered_wait_seconds), 0) as answered_wait_seconds,
        coalesce(sum(s.abandoned_wait_seconds), 0) as abandoned_wait_seconds,
        coalesce(sum(s.wait_seconds) filter (where s.flowed_out_calls = 1), 0) as flowed_out_wait_seconds,
        max(s.wait_seconds) as longest_wait_seconds,
        coalesce(sum(s.talk_seconds), 0) as talk_seconds,
        coalesce(sum(s.hold_seconds), 0) as hold_seconds,
        coalesce(sum(s.wrap_up_seconds), 0) as wrap_up_seconds,
        array[
            count(*) filter (where s.wait_bin = 0 and s.answered_calls = 1),
            count(*) filter (where s.wait_bin = 1 and s.answered_calls = 1),
            count(*) filter (where s.wait_bin = 2 and s.answered_calls = 1),
            count(*) filter (where s.wait_bin = 3 and s.answered_calls = 1),
            count(*) filter (where s.wait_bin = 4 and s.answered_calls = 1),
            count(*) filter (where s.wait_bin = 5 and s.answered_calls = 1),
            count(*) filter (where s.wait_bin = 6 and s.answered_calls = 1),
            count(*) filter (where s.wait_bin = 7 and s.answered_calls = 1),
            count(*) filter (where s.wait_bin = 8 and s.answered_calls = 1),
            count(*) filter (where s.wait_bin = 9 and s.answered_calls = 1),
            count(*) filter (where s.wait_bin = 10 and s.answered_calls = 1),
            count(*) filter (where s.wait_bin = 11 and s.answered_calls = 1),
            count(*) filter (where s.wait_bin = 12 and s.answered_calls = 1),
            count(*) filter (where s.wait_bin = 13 and s.answered_calls = 1),
            count(*) filter (where s.wait_bin = 14 and s.answered_calls = 1),
            count(*) filter (where s.wait_bin = 15 and s.answered_calls = 1)
        ]::integer [] as answered_wait_histogram_calls,
        array[
            count(*) filter (where s.wait_bin = 0 and s.abandoned_calls = 1),
            count(*) filter (where s.wait_bin = 1 and s.abandoned_calls = 1),
            count(*) filter (where s.wait_bin = 2 and s.abandoned_calls = 1),
            count(*) filter (where s.wait_bin = 3 and s.abandoned_calls = 1),
            count(*) filter (where s.wait_bin = 4 and s.abandoned_calls = 1),
            count(*) filter (where s.wait_bin = 5 and s.abandoned_calls = 1),
            count(*) filter (where s.wait_bin = 6 and s.abandoned_calls = 1),
            count(*) filter (where s.wait_bin = 7 and s.abandoned_calls = 1),
            count(*) filter (where s.wait_bin = 8 and s.abandoned_calls = 1),
            count(*) filter (where s.wait_bin = 9 and s.abandoned_calls = 1),
            count(*) filter (where s.wait_bin = 10 and s.abandoned_calls = 1),
            count(*) filter (where s.wait_bin = 11 and s.abandoned_calls = 1),
            count(*) filter (where s.wait_bin = 12 and s.abandoned_calls = 1),
            count(*) filter (where s.wait_bin = 13 and s.abandoned_calls = 1),
            count(*) filter (where s.wait_bin = 14 and s.abandoned_calls = 1),
            count(*) filter (where s.wait_bin = 15 and s.abandoned_calls = 1)
        ]::integer [] as abandoned_wait_histogram_calls,
        array[
            count(*) filter (where s.wait_bin = 0 and s.flowed_out_calls = 1),
            count(*) filter (where s.wait_bin = 1 and s.flowed_out_calls = 1),
            count(*) filter (where s.wait_bin = 2 and s.flowed_out_calls = 1),
            count(*) filter (where s.wait_bin = 3 and s.flowed_out_calls = 1),
            count(*) filter (where s.wait_bin = 4 and s.flowed_out_calls = 1),
            count(*) filter (where s.wait_bin = 5 and s.flowed_out_calls = 1),
            count(*) filter (where s.wait_bin = 6 and s.flowed_out_calls = 1),
            count(*) filter (where s.wait_bin = 7 and s.flowed_out_calls = 1),
            count(*) filter (where s.wait_bin = 8 and s.flowed_out_calls = 1),
            count(*) filter (where s.wait_bin = 9 and s.flowed_out_calls = 1),
            count(*) filter (where s.wait_bin = 10 and s.flowed_out_calls = 1),
            count(*) filter (where s.wait_bin = 11 and s.flowed_out_calls = 1),
            count(*) filter (where s.wait_bin = 12 and s.flowed_out_calls = 1),
            count(*) filter (where s.wait_bin = 13 and s.flowed_out_calls = 1),
            count(*) filter (where s.wait_bin = 14 and s.flowed_out_calls = 1),
            count(*) filter (where s.wait_bin = 15 and s.flowed_out_calls = 1)
        ]::integer [] as flowed_out_wait_histogram_calls
    from stretches as t
    cross join lateral (
        -- offset 0 keeps the planner from joining the stretches with all calls: each stretch is a range of the key.
        select m.*
        from warehouse.stay_measures(t.queue_id, t.stretch_start_at, t.stretch_end_at, null) as m
        offset 0
    ) as s
    group by s.queue_id, s.interval_start_at
),

emptied as (
    delete from warehouse.queue_intervals as i
    using stretches as t
    where
        i.queue_id = t.queue_id and i.interval_start_at >= t.stretch_start_at
        and i.interval_start_at < t.stretch_end_at
        and not exists (
            select 1 from fresh as f
            where f.queue_id = i.queue_id and f.interval_start_at = i.interval_start_at
        )
)

insert into warehouse.queue_intervals as i (
    interval_start_at,
    queue_id,
    offered_calls,
    answered_calls,
    answered_in_threshold_calls,
    abandoned_calls,
    short_abandoned_calls,
    abandoned_in_threshold_calls,
    flowed_out_calls,
    flowed_out_in_threshold_calls,
    callback_calls,
    overflowed_calls,
    timed_out_calls,
    withdrawn_calls,
    interrupted_calls,
    waiting_calls,
    in_progress_calls,
    handled_calls,
    transferred_calls,
    answered_wait_seconds,
    abandoned_wait_seconds,
    flowed_out_wait_seconds,
    longest_wait_seconds,
    talk_seconds,
    hold_seconds,
    wrap_up_seconds,
    answered_wait_histogram_calls,
    abandoned_wait_histogram_calls,
    flowed_out_wait_histogram_calls
)
select
    f.interval_start_at,
    f.queue_id,
    f.offered_calls,
    f.answered_calls,
    f.answered_in_threshold_calls,
    f.abandoned_calls,
    f.short_abandoned_calls,
    f.abandoned_in_threshold_calls,
    f.flowed_out_calls,
    f.flowed_out_in_threshold_calls,
    f.callback_calls,
    f.overflowed_calls,
    f.timed_out_calls,
    f.withdrawn_calls,
    f.interrupted_calls,
    f.waiting_calls,
    f.in_progress_calls,
    f.handled_calls,
    f.transferred_calls,
    f.answered_wait_seconds,
    f.abandoned_wait_seconds,
    f.flowed_out_wait_seconds,
    f.longest_wait_seconds,
    f.talk_seconds,
    f.hold_seconds,
    f.wrap_up_seconds,
    f.answered_wait_histogram_calls,
    f.abandoned_wait_histogram_calls,
    f.flowed_out_wait_histogram_calls
from fresh as f
order by f.queue_id, f.interval_start_at
on conflict (queue_id, interval_start_at) do update set
    offered_calls = excluded.offered_calls,
    answered_calls = excluded.answered_calls,
    answered_in_threshold_calls = excluded.answered_in_threshold_calls,
    abandoned_calls = excluded.abandoned_calls,
    short_abandoned_calls = excluded.short_abandoned_calls,
    abandoned_in_threshold_calls = excluded.abandoned_in_threshold_calls,
    flowed_out_calls = excluded.flowed_out_calls,
    flowed_out_in_threshold_calls = excluded.flowed_out_in_threshold_calls,
    callback_calls = excluded.callback_calls,
    overflowed_calls = excluded.overflowed_calls,
    timed_out_calls = excluded.timed_out_calls,
    withdrawn_calls = excluded.withdrawn_calls,
    interrupted_calls = excluded.interrupted_calls,
    waiting_calls = excluded.waiting_calls,
    in_progress_calls = excluded.in_progress_calls,
    handled_calls = excluded.handled_calls,
    transferred_calls = excluded.transferred_calls,
    answered_wait_seconds = excluded.answered_wait_seconds,
    abandoned_wait_seconds = excluded.abandoned_wait_seconds,
    flowed_out_wait_seconds = excluded.flowed_out_wait_seconds,
    longest_wait_seconds = excluded.longest_wait_seconds,
    talk_seconds = excluded.talk_seconds,
    hold_seconds = excluded.hold_seconds,
    wrap_up_seconds = excluded.wrap_up_seconds,
    answered_wait_histogram_calls = excluded.answered_wait_histogram_calls,
    abandoned_wait_histogram_calls = excluded.abandoned_wait_histogram_calls,
    flowed_out_wait_histogram_calls = excluded.flowed_out_wait_histogram_calls
where (
    i.offered_calls,
    i.answered_calls,
    i.answered_in_threshold_calls,
    i.abandoned_calls,
    i.short_abandoned_calls,
    i.abandoned_in_threshold_calls,
    i.flowed_out_calls,
    i.flowed_out_in_threshold_calls,
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
    i.answered_wait_histogram_calls,
    i.abandoned_wait_histogram_calls,
    i.flowed_out_wait_histogram_calls
) is distinct from (
    excluded.offered_calls,
    excluded.answered_calls,
    excluded.answered_in_threshold_calls,
    excluded.abandoned_calls,
    excluded.short_abandoned_calls,
    excluded.abandoned_in_threshold_calls,
    excluded.flowed_out_calls,
    excluded.flowed_out_in_threshold_calls,
    excluded.callback_calls,
    excluded.overflowed_calls,
    excluded.timed_out_calls,
    excluded.withdrawn_calls,
    excluded.interrupted_calls,
    excluded.waiting_calls,
    excluded.in_progress_calls,
    excluded.handled_calls,
    excluded.transferred_calls,
    excluded.answered_wait_seconds,
    excluded.abandoned_wait_seconds,
    excluded.flowed_out_wait_seconds,
    excluded.longest_wait_seconds,
    excluded.talk_seconds,
    excluded.hold_seconds,
    excluded.wrap_up_seconds,
    excluded.answered_wait_histogram_calls,
    excluded.abandoned_wait_histogram_calls,
    excluded.flowed_out_wait_histogram_calls
)
