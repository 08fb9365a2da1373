-- Rolls up again the queue intervals that are noted as dirty, from the facts.
-- Grain: one row per queue and 15 minutes.
with stays as (
    select
        d.queue_id as of_queue_id,
        d.interval_start_at as of_interval_start_at,
        m.*
    from (select distinct queue_id, interval_start_at from dirty_queue_intervals) as d
    cross join lateral warehouse.call_measures(
        d.queue_id, d.interval_start_at, d.interval_start_at + interval '15 minutes', null
    ) as m
),

bins as (
    select
        s.of_queue_id,
        s.of_interval_start_at,
        s.wait_bin,
        sum(s.answered_calls)::integer as answered_calls,
        sum(s.abandoned_calls)::integer as abandoned_calls,
        sum(s.flowed_out_calls)::integer as flowed_out_calls
    from stays as s
    where s.wait_bin is not null
    group by s.of_queue_id, s.of_interval_start_at, s.wait_bin
),

histograms as (
    select
        k.of_queue_id,
        k.of_interval_start_at,
        array_agg(coalesce(b.answered_calls, 0) order by w.wait_bin) as answered_wait_histogram_calls,
        array_agg(coalesce(b.abandoned_calls, 0) order by w.wait_bin) as abandoned_wait_histogram_calls,
        array_agg(coalesce(b.flowed_out_calls, 0) order by w.wait_bin) as flowed_out_wait_histogram_calls
    from (select distinct of_queue_id, of_interval_start_at from stays) as k
    cross join generate_series(0, 15) as w (wait_bin)
    left join bins as b
        on
            k.of_queue_id = b.of_queue_id and k.of_interval_start_at = b.of_interval_start_at
            and w.wait_bin = b.wait_bin
    group by k.of_queue_id, k.of_interval_start_at
),

totals as (
    select
        s.of_queue_id,
        s.of_interval_start_at,
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
        max(s.wait_seconds) as longest_wait_seconds,
        coalesce(sum(s.talk_seconds), 0) as talk_seconds,
        coalesce(sum(s.hold_seconds), 0) as hold_seconds,
        coalesce(sum(s.wrap_up_seconds), 0) as wrap_up_seconds
    from stays as s
    group by s.of_queue_id, s.of_interval_start_at
)

insert into warehouse.queue_intervals as i (
    interval_start_at, queue_id, offered_calls, answered_calls, answered_in_threshold_calls, abandoned_calls,
    short_abandoned_calls, abandoned_in_threshold_calls, flowed_out_calls, flowed_out_in_threshold_calls,
    callback_calls, overflowed_calls, timed_out_calls, withdrawn_calls, interrupted_calls, waiting_calls,
    in_progress_calls, handled_calls, transferred_calls, answered_wait_seconds, abandoned_wait_seconds,
    longest_wait_seconds, talk_seconds, hold_seconds, wrap_up_seconds, answered_wait_histogram_calls,
    abandoned_wait_histogram_calls, flowed_out_wait_histogram_calls
)
select
    t.of_interval_start_at,
    t.of_queue_id,
    t.offered_calls,
    t.answered_calls,
    t.answered_in_threshold_calls,
    t.abandoned_calls,
    t.short_abandoned_calls,
    t.abandoned_in_threshold_calls,
    t.flowed_out_calls,
    t.flowed_out_in_threshold_calls,
    t.callback_calls,
    t.overflowed_calls,
    t.timed_out_calls,
    t.withdrawn_calls,
    t.interrupted_calls,
    t.waiting_calls,
    t.in_progress_calls,
    t.handled_calls,
    t.transferred_calls,
    t.answered_wait_seconds,
    t.abandoned_wait_seconds,
    t.longest_wait_seconds,
    t.talk_seconds,
    t.hold_seconds,
    t.wrap_up_seconds,
    h.answered_wait_histogram_calls,
    h.abandoned_wait_histogram_calls,
    h.flowed_out_wait_histogram_calls
from totals as t
inner join histograms as h on t.of_queue_id = h.of_queue_id and t.of_interval_start_at = h.of_interval_start_at
order by t.of_queue_id, t.of_interval_start_at
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
    longest_wait_seconds = excluded.longest_wait_seconds,
    talk_seconds = excluded.talk_seconds,
    hold_seconds = excluded.hold_seconds,
    wrap_up_seconds = excluded.wrap_up_seconds,
    answered_wait_histogram_calls = excluded.answered_wait_histogram_calls,
    abandoned_wait_histogram_calls = excluded.abandoned_wait_histogram_calls,
    flowed_out_wait_histogram_calls = excluded.flowed_out_wait_histogram_calls
