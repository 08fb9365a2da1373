-- What did each queue do in each 15 minutes of a window, so far as its service level depends on it?
-- Grain: one row per queue and 15 minutes in which chosen contacts were offered to it.
select
    q.queue_id,
    i.interval_start_at,
    coalesce(:formula_name, q.service_level_formula_name) as service_level_formula_name,
    q.service_level_target_ratio,
    sum(i.offered_calls) as offered_calls,
    sum(i.answered_calls) as answered_calls,
    sum(i.answered_in_threshold_calls) as answered_in_threshold_calls,
    sum(i.abandoned_calls) as abandoned_calls,
    sum(i.short_abandoned_calls) as short_abandoned_calls,
    sum(i.abandoned_in_threshold_calls) as abandoned_in_threshold_calls,
    sum(i.flowed_out_calls) as flowed_out_calls,
    sum(i.flowed_out_in_threshold_calls) as flowed_out_in_threshold_calls
from warehouse.chosen_intervals(
    :window_start, :window_end, :threshold_seconds, :queue_id, :group_name, :channel_name, :topic_name, :team_id, :site_name,
    :agent_id, :is_business_hours, cast(:known_at as timestamptz)
) as i
inner join warehouse.queues as q on i.queue_id = q.queue_id
group by q.queue_id, i.interval_start_at
order by q.queue_id, i.interval_start_at
