-- What did each chosen queue do in a window, with any threshold, formula and narrowing?
-- Grain: one row per chosen queue; contacts belong to the window in which they were offered.
select
    q.queue_id,
    q.queue_name,
    coalesce(:formula_name, q.service_level_formula_name) as service_level_formula_name,
    q.service_level_target_ratio,
    coalesce(:threshold_seconds, q.service_level_threshold_seconds) as service_level_threshold_seconds,
    coalesce(sum(i.offered_calls), 0) as offered_calls,
    coalesce(sum(i.answered_calls), 0) as answered_calls,
    coalesce(sum(i.answered_in_threshold_calls), 0) as answered_in_threshold_calls,
    coalesce(sum(i.abandoned_calls), 0) as abandoned_calls,
    coalesce(sum(i.short_abandoned_calls), 0) as short_abandoned_calls,
    coalesce(sum(i.abandoned_in_threshold_calls), 0) as abandoned_in_threshold_calls,
    coalesce(sum(i.flowed_out_calls), 0) as flowed_out_calls,
    coalesce(sum(i.flowed_out_in_threshold_calls), 0) as flowed_out_in_threshold_calls,
    coalesce(sum(i.callback_calls), 0) as callback_calls,
    coalesce(sum(i.overflowed_calls), 0) as overflowed_calls,
    coalesce(sum(i.timed_out_calls), 0) as timed_out_calls,
    coalesce(sum(i.withdrawn_calls), 0) as withdrawn_calls,
    coalesce(sum(i.interrupted_calls), 0) as interrupted_calls,
    coalesce(sum(i.waiting_calls), 0) as waiting_calls,
    coalesce(sum(i.in_progress_calls), 0) as in_progress_calls,
    coalesce(sum(i.handled_calls), 0) as handled_calls,
    coalesce(sum(i.transferred_calls), 0) as transferred_calls,
    coalesce(sum(i.answered_wait_seconds), 0) as answered_wait_seconds,
    coalesce(sum(i.abandoned_wait_seconds), 0) as abandoned_wait_seconds,
    coalesce(sum(i.flowed_out_wait_seconds), 0) as flowed_out_wait_seconds,
    max(i.longest_wait_seconds) as longest_wait_seconds,
    coalesce(sum(i.talk_seconds), 0) as talk_seconds,
    coalesce(sum(i.hold_seconds), 0) as hold_seconds,
    coalesce(sum(i.wrap_up_seconds), 0) as wrap_up_seconds
from warehouse.queues as q
left join warehouse.chosen_intervals(
    :window_start, :window_end, :threshold_seconds, :queue_id, :group_name, :channel_name, :topic_name, :team_id, :site_name,
    :agent_id, :is_business_hours, cast(:known_at as timestamptz)
) as i
    on q.queue_id = i.queue_id
where
    (cast(:queue_id as integer) is null or q.queue_id = :queue_id)
    and (cast(:group_name as text) is null or coalesce(q.group_name, '') = :group_name)
group by q.queue_id
order by q.queue_name, q.queue_id
