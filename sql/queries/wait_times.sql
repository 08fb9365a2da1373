-- How long did the contacts of a window wait, and how did their wait end?
-- Grain: one row per stretch of wait (after_seconds < wait <= until_seconds; the first counts 0 s, the last has no end).
with edges as (
    select
        e.place - 1 as wait_bin,
        lag(e.until_seconds) over (order by e.place) as after_seconds,
        e.until_seconds
    from unnest(array[0, 5, 10, 15, 20, 25, 30, 45, 60, 90, 120, 180, 240, 300, 600, null])
        with ordinality as e (until_seconds, place)
),

chosen as (
    select
        i.wait_bin,
        i.answered_calls,
        i.abandoned_calls,
        i.flowed_out_calls,
        i.answered_wait_histogram_calls,
        i.abandoned_wait_histogram_calls,
        i.flowed_out_wait_histogram_calls
    from warehouse.chosen_intervals(
        :window_start, :window_end, :threshold_seconds, :queue_id, :group_name, :channel_name, :topic_name, :team_id, :site_name,
        :agent_id, :is_business_hours, cast(:known_at as timestamptz)
    ) as i
),

counted as (
    select
        c.wait_bin,
        sum(c.answered_calls) as answered_calls,
        sum(c.abandoned_calls) as abandoned_calls,
        sum(c.flowed_out_calls) as flowed_out_calls
    from chosen as c
    where c.wait_bin is not null
    group by c.wait_bin
    union all
    select
        h.place - 1,
        sum(h.answered_calls),
        sum(h.abandoned_calls),
        sum(h.flowed_out_calls)
    from chosen as c
    cross join lateral unnest(
        c.answered_wait_histogram_calls, c.abandoned_wait_histogram_calls, c.flowed_out_wait_histogram_calls
    ) with ordinality as h (answered_calls, abandoned_calls, flowed_out_calls, place)
    group by h.place
)

select
    e.after_seconds,
    e.until_seconds,
    coalesce(sum(c.answered_calls), 0) as answered_calls,
    coalesce(sum(c.abandoned_calls), 0) as abandoned_calls,
    coalesce(sum(c.flowed_out_calls), 0) as flowed_out_calls
from edges as e
left join counted as c on e.wait_bin = c.wait_bin
group by e.wait_bin, e.after_seconds, e.until_seconds
order by e.wait_bin
