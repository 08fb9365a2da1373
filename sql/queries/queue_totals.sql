-- What did each queue do in a window, from the facts: any window, any threshold?
-- Grain: one row per queue; contacts belong to the window in which they were offered.
select
    q.queue_id,
    q.queue_name,
    q.service_level_formula_name,
    q.service_level_target_ratio,
    coalesce(:threshold_seconds, q.service_level_threshold_seconds) as service_level_threshold_seconds,
    coalesce(sum(m.offered_calls), 0) as offered_calls,
    coalesce(sum(m.answered_calls), 0) as answered_calls,
    coalesce(sum(m.answered_in_threshold_calls), 0) as answered_in_threshold_calls,
    coalesce(sum(m.abandoned_calls), 0) as abandoned_calls,
    coalesce(sum(m.short_abandoned_calls), 0) as short_abandoned_calls,
    coalesce(sum(m.abandoned_in_threshold_calls), 0) as abandoned_in_threshold_calls,
    coalesce(sum(m.flowed_out_calls), 0) as flowed_out_calls,
    coalesce(sum(m.flowed_out_in_threshold_calls), 0) as flowed_out_in_threshold_calls,
    coalesce(sum(m.callback_calls), 0) as callback_calls,
    coalesce(sum(m.overflowed_calls), 0) as overflowed_calls,
    coalesce(sum(m.timed_out_calls), 0) as timed_out_calls,
    coalesce(sum(m.withdrawn_calls), 0) as withdrawn_calls,
    coalesce(sum(m.interrupted_calls), 0) as interrupted_calls,
    coalesce(sum(m.waiting_calls), 0) as waiting_calls,
    coalesce(sum(m.in_progress_calls), 0) as in_progress_calls,
    coalesce(sum(m.handled_calls), 0) as handled_calls,
    coalesce(sum(m.transferred_calls), 0) as transferred_calls,
    coalesce(sum(m.answered_wait_seconds), 0) as answered_wait_seconds,
    coalesce(sum(m.abandoned_wait_seconds), 0) as abandoned_wait_seconds,
    max(m.wait_seconds) as longest_wait_seconds,
    coalesce(sum(m.talk_seconds), 0) as talk_seconds,
    coalesce(sum(m.hold_seconds), 0) as hold_seconds,
    coalesce(sum(m.wrap_up_seconds), 0) as wrap_up_seconds
from warehouse.queues as q
left join lateral warehouse.call_measures(q.queue_id, :window_start, :window_end, :threshold_seconds) as m on true
group by q.queue_id
order by q.queue_name, q.queue_id
