-- How did the chosen queues do together at each time of the local week: weekday by 15 minutes of the clock on the wall?
-- Grain: one row per weekday (0 is Monday) and 15 minutes of the local day that occur in the window; days_count is on how many
-- days they do, and the sums are over all of these days.
with zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

slots as (
    select
        extract(isodow from l.local_at)::integer - 1 as weekday_number,
        extract(epoch from l.local_at - date_trunc('day', l.local_at))::integer as interval_start_seconds,
        count(distinct cast(l.local_at as date)) as days_count
    from zone as z
    cross join lateral generate_series(
        date_bin('15 minutes', :window_start, '2000-01-01 00:00+00'), :window_end, interval '15 minutes'
    ) as g (interval_start_at)
    cross join lateral (select g.interval_start_at at time zone z.time_zone_name as local_at) as l
    where g.interval_start_at < :window_end
    group by extract(isodow from l.local_at), extract(epoch from l.local_at - date_trunc('day', l.local_at))
),

counted as (
    select
        extract(isodow from l.local_at)::integer - 1 as weekday_number,
        extract(epoch from l.local_at - date_trunc('day', l.local_at))::integer as interval_start_seconds,
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
    cross join zone as z
    cross join lateral (select i.interval_start_at at time zone z.time_zone_name as local_at) as l
    group by extract(isodow from l.local_at), extract(epoch from l.local_at - date_trunc('day', l.local_at))
)

select
    s.weekday_number,
    s.interval_start_seconds,
    s.days_count,
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
from slots as s
left join counted as c on s.weekday_number = c.weekday_number and s.interval_start_seconds = c.interval_start_seconds
order by s.weekday_number, s.interval_start_seconds
