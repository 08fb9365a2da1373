-- How did a window go, 15 minutes by 15 minutes, for all chosen queues together?
-- Grain: one row per 15 minutes of the window, also those without a contact.
with counted as (
    select
        i.interval_start_at,
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
    from warehouse.chosen_intervals(
        :window_start, :window_end, :threshold_seconds, :queue_id, :group_name, :channel_name, :topic_name, :team_id, :site_name,
        :agent_id, :is_business_hours, cast(:known_at as timestamptz)
    ) as i
    group by i.interval_start_at
)

select
    g.interval_start_at,
    g.interval_start_at + interval '15 minutes' as interval_end_at,
    coalesce(c.offered_calls, 0) as offered_calls,
    coalesce(c.answered_calls, 0) as answered_calls,
    coalesce(c.answered_in_threshold_calls, 0) as answered_in_threshold_calls,
    coalesce(c.abandoned_calls, 0) as abandoned_calls,
    coalesce(c.short_abandoned_calls, 0) as short_abandoned_calls,
    coalesce(c.abandoned_in_threshold_calls, 0) as abandoned_in_threshold_calls,
    coalesce(c.flowed_out_calls, 0) as flowed_out_calls,
    coalesce(c.flowed_out_in_threshold_calls, 0) as flowed_out_in_threshold_calls,
    coalesce(c.callback_calls, 0) as callback_calls,
    coalesce(c.overflowed_calls, 0) as overflowed_calls,
    coalesce(c.timed_out_calls, 0) as timed_out_calls,
    coalesce(c.withdrawn_calls, 0) as withdrawn_calls,
    coalesce(c.interrupted_calls, 0) as interrupted_calls,
    coalesce(c.waiting_calls, 0) as waiting_calls,
    coalesce(c.in_progress_calls, 0) as in_progress_calls,
    coalesce(c.handled_calls, 0) as handled_calls,
    coalesce(c.transferred_calls, 0) as transferred_calls,
    coalesce(c.answered_wait_seconds, 0) as answered_wait_seconds,
    coalesce(c.abandoned_wait_seconds, 0) as abandoned_wait_seconds,
    coalesce(c.flowed_out_wait_seconds, 0) as flowed_out_wait_seconds,
    c.longest_wait_seconds,
    coalesce(c.talk_seconds, 0) as talk_seconds,
    coalesce(c.hold_seconds, 0) as hold_seconds,
    coalesce(c.wrap_up_seconds, 0) as wrap_up_seconds
from generate_series(
    date_bin('15 minutes', :window_start, '2000-01-01 00:00+00'), :window_end, interval '15 minutes'
) as g (interval_start_at)
left join counted as c on g.interval_start_at = c.interval_start_at
where g.interval_start_at < :window_end
order by g.interval_start_at
