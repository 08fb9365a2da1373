-- What of the last four weeks and of today could be good news: how each queue's days went, each hour of the floor, and the day so far?
-- Grain: one row per queue and local day before today (of_kind_name "day"), one per hour of the local day that is over ("hour"), and one
-- for today ("today"). Contacts of days and hours belong to the time of their offer, those of today to what happened until :as_of.
with zone as (
    select
        z.time_zone_name,
        cast(cast(:as_of as timestamptz) at time zone z.time_zone_name as date) as today_date,
        date_trunc('day', cast(:as_of as timestamptz) at time zone z.time_zone_name) at time zone z.time_zone_name as day_start_at
    from (select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s) as z
),

quarters as (
    select
        i.queue_id,
        cast(i.interval_start_at at time zone z.time_zone_name as date) as day_date,
        -- from midnight on, so that hours are whole in every zone and on the long and the short night
        date_bin(
            '1 hour', i.interval_start_at,
            date_trunc('day', i.interval_start_at at time zone z.time_zone_name) at time zone z.time_zone_name
        ) as hour_start_at,
        i.offered_calls,
        i.answered_calls,
        i.answered_in_threshold_calls,
        i.abandoned_calls,
        i.short_abandoned_calls,
        i.abandoned_in_threshold_calls,
        i.flowed_out_calls,
        i.flowed_out_in_threshold_calls,
        i.longest_wait_seconds
    from zone as z
    inner join warehouse.queue_intervals as i
        on i.interval_start_at >= (z.today_date - 28)::timestamp at time zone z.time_zone_name and i.interval_start_at < :as_of
),

stays as (
    select
        s.answered_at,
        s.ended_at,
        s.wait_seconds,
        s.short_abandon_seconds,
        s.outcome_name
    from warehouse.live_stays(:as_of) as s
),

left_unheard as (
    select max(s.ended_at) as last_abandoned_at
    from stays as s
    cross join zone as z
    where s.outcome_name = 'abandoned' and s.wait_seconds >= s.short_abandon_seconds and s.ended_at >= z.day_start_at
),

answered as (
    select
        s.answered_at,
        row_number() over (order by s.answered_at) as place_number
    from stays as s
    cross join zone as z
    where s.answered_at >= z.day_start_at
)

select
    case when grouping(d.queue_id) = 0 then 'day' else 'hour' end as of_kind_name,
    d.queue_id,
    min(q.queue_name) filter (where d.queue_id is not null) as queue_name,
    min(d.day_date) as day_date,
    min(d.hour_start_at) as started_at,
    min(d.hour_start_at) + interval '1 hour' as ended_at,
    case when grouping(d.queue_id) = 0 then min(q.service_level_formula_name) end as service_level_formula_name,
    case when grouping(d.queue_id) = 0 then min(q.service_level_target_ratio) end as service_level_target_ratio,
    sum(d.offered_calls) as offered_calls,
    sum(d.answered_calls) as answered_calls,
    sum(d.answered_in_threshold_calls) as answered_in_threshold_calls,
    sum(d.abandoned_calls) as abandoned_calls,
    sum(d.short_abandoned_calls) as short_abandoned_calls,
    sum(d.abandoned_in_threshold_calls) as abandoned_in_threshold_calls,
    sum(d.flowed_out_calls) as flowed_out_calls,
    sum(d.flowed_out_in_threshold_calls) as flowed_out_in_threshold_calls,
    max(d.longest_wait_seconds) as longest_wait_seconds,
    null::timestamptz as first_answered_at,
    null::timestamptz as last_abandoned_at,
    null::bigint as unbroken_answered_calls,
    null::integer as reached_calls,
    null::timestamptz as reached_at
from quarters as d
cross join zone as z
inner join warehouse.queues as q on d.queue_id = q.queue_id
group by grouping sets ((d.queue_id, d.day_date), (d.hour_start_at))
having
    (grouping(d.queue_id) = 0 and min(d.day_date) < min(z.today_date))
    or (grouping(d.queue_id) = 1 and d.hour_start_at + interval '1 hour' <= :as_of)
union all
select
    'today',
    null,
    null,
    z.today_date,
    z.day_start_at,
    cast(:as_of as timestamptz),
    null,
    null,
    null,
    (select count(*) from answered),
    null,
    null,
    null,
    null,
    null,
    null,
    null,
    (select min(a.answered_at) from answered as a),
    l.last_abandoned_at,
    (select count(*) from answered as a where a.answered_at > coalesce(l.last_abandoned_at, '-infinity')),
    m.place_number,
    m.answered_at
from zone as z
cross join left_unheard as l
left join lateral (
    select
        a.place_number,
        a.answered_at
    from answered as a
    where a.place_number in (100, 250, 500, 1000, 2500, 5000, 10000)
    order by a.place_number desc
    limit 1
) as m on true
order by of_kind_name, started_at, queue_id
