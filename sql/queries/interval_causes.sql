-- What stood behind one interval: how many called, who was there, how long calls took, and what was usual?
-- Grain: one row for 15 minutes of the chosen queues. usual_*: the medians of its comparable days (handle time: their sums);
-- null where fewer than three days compare. Agents are those who served one of the queues then, each counted once; their
-- seconds are wall-clock seconds of the interval. burst: the most contacts that were offered within five minutes.
with span as (
    select
        date_bin('15 minutes', :interval_start, '2000-01-01 00:00+00') as start_at,
        date_bin('15 minutes', :interval_start, '2000-01-01 00:00+00') + interval '15 minutes' as end_at,
        warehouse.site_zone_name() as zone_name
),

chosen as materialized (
    select c.queue_id from warehouse.chosen_queues(:queue_id, :group_name) as c
),

weeks as materialized (
    select
        d.day_date,
        (d.day_date + cast(s.start_at at time zone s.zone_name as time)) at time zone s.zone_name as start_at
    from span as s
    cross join lateral warehouse.comparable_days(
        cast(s.start_at at time zone s.zone_name as date), :queue_id, :group_name
    ) as d
),

spans as materialized (
    select
        true as is_asked,
        s.start_at,
        s.end_at
    from span as s
    union all
    select
        false as is_asked,
        w.start_at,
        w.start_at + interval '15 minutes' as end_at
    from weeks as w
),

queue_sums as (
    select
        s.is_asked,
        s.start_at,
        coalesce(sum(i.offered_calls), 0) as offered_calls,
        coalesce(sum(i.abandoned_calls), 0) as abandoned_calls,
        coalesce(sum(i.handled_calls), 0) as handled_calls,
        coalesce(sum(i.talk_seconds), 0) as talk_seconds,
        coalesce(sum(i.hold_seconds), 0) as hold_seconds,
        coalesce(sum(i.wrap_up_seconds), 0) as wrap_up_seconds,
        max(i.longest_wait_seconds) as longest_wait_seconds
    from spans as s
    cross join chosen as c
    left join warehouse.queue_intervals as i on c.queue_id = i.queue_id and s.start_at = i.interval_start_at
    group by s.is_asked, s.start_at
),

served as materialized (
    select distinct
        s.start_at,
        s.end_at,
        m.agent_id
    from spans as s
    cross join chosen as c
    inner join warehouse.queue_members as m on c.queue_id = m.queue_id
    where m.started_at < s.end_at and (m.ended_at is null or m.ended_at > s.start_at)
),

counted as materialized (
    select g.*
    from spans as s
    cross join lateral warehouse.agent_sums(s.start_at, s.end_at) as g
),

agent_sums as (
    select
        v.start_at,
        sum(
            coalesce(i.signed_in_seconds, 0)
            + case when o.state_name <> 'signed_out' then o.open_seconds else 0 end
        ) as signed_in_seconds,
        sum(coalesce(i.available_seconds, 0) + case when o.state_name = 'available' then o.open_seconds else 0 end)
            as available_seconds,
        sum(coalesce(i.paused_seconds, 0) + case when o.state_name = 'paused' then o.open_seconds else 0 end)
            as paused_seconds
    from served as v
    left join counted as i on v.agent_id = i.agent_id and v.start_at = i.interval_start_at
    left join lateral (
        -- the rollup holds ended states only: what still lasts is added
        select
            b.state_name,
            floor(extract(epoch from least(v.end_at, :as_of) - greatest(b.started_at, v.start_at))) as open_seconds
        from warehouse.agent_states as b
        where b.agent_id = v.agent_id and b.ended_at is null and b.started_at < least(v.end_at, :as_of)
        order by b.started_at desc
        limit 1
    ) as o on true
    group by v.start_at
),

burst as (
    select max(a.burst_calls) as burst_calls
    from (
        select
            count(*) over (
                order by r.offered_at range between current row and interval '299 seconds' following
            ) as burst_calls
        from span as s
        cross join chosen as c
        inner join warehouse.calls as r on c.queue_id = r.queue_id
        where r.offered_at >= s.start_at and r.offered_at < s.end_at and r.direction_name = 'inbound'
    ) as a
),

longest as (
    select q.queue_name
    from span as s
    cross join chosen as c
    inner join warehouse.queue_intervals as i on c.queue_id = i.queue_id and s.start_at = i.interval_start_at
    inner join warehouse.queues as q on c.queue_id = q.queue_id
    where i.longest_wait_seconds is not null
    order by i.longest_wait_seconds desc, q.queue_name
    limit 1
),

usual as (
    select
        count(*) as week_count,
        round(cast(percentile_cont(0.5) within group (order by q.offered_calls) as numeric)) as usual_calls,
        percentile_cont(0.5) within group (order by coalesce(a.signed_in_seconds, 0)) as usual_signed_in_seconds,
        percentile_cont(0.5) within group (order by coalesce(a.available_seconds, 0)) as usual_available_seconds,
        percentile_cont(0.5) within group (order by coalesce(a.paused_seconds, 0)) as usual_paused_seconds,
        sum(q.handled_calls) as usual_handled_calls,
        sum(q.talk_seconds + q.hold_seconds + q.wrap_up_seconds) as usual_handle_seconds
    from queue_sums as q
    left join agent_sums as a on q.start_at = a.start_at
    where not q.is_asked
    having count(*) >= 3
)

select
    q.start_at as interval_start_at,
    q.offered_calls,
    u.usual_calls,
    coalesce(b.burst_calls, 0) as burst_calls,
    q.abandoned_calls,
    q.longest_wait_seconds,
    l.queue_name as longest_wait_queue_name,
    q.handled_calls,
    q.talk_seconds,
    q.hold_seconds,
    q.wrap_up_seconds,
    u.usual_handled_calls,
    u.usual_handle_seconds,
    coalesce(a.signed_in_seconds, 0) as signed_in_seconds,
    coalesce(a.available_seconds, 0) as available_seconds,
    coalesce(a.paused_seconds, 0) as paused_seconds,
    u.usual_signed_in_seconds,
    u.usual_available_seconds,
    u.usual_paused_seconds,
    coalesce(u.week_count, 0) as week_count
from queue_sums as q
cross join burst as b
left join agent_sums as a on q.start_at = a.start_at
left join usual as u on true
left join longest as l on true
where q.is_asked
