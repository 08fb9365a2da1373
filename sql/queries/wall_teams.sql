-- How many of the contacts that each team answered today were answered in time, and how was it on its last four such weekdays?
-- Grain: one row per team that answered a contact today or on one of those days until the same time of the day, by name; one
-- (team_id null) of agents without a team. A contact belongs to the instant of its answer, and to the team of that day. What the
-- policy lets not exist of few agents is null. agent_days_text: who was it, as weeks ago and agent; whether it may be told hangs on it.
with zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

-- materialized: worked out beforehand, they are looked up in an index by readers of single rows, too
days as materialized (
    select
        g.week_number,
        d.day_date,
        d.day_date::timestamp at time zone z.time_zone_name as start_at,
        d.day_date::timestamp at time zone z.time_zone_name - interval '4 hours' as from_at,
        case
            when g.week_number = 0 then cast(:as_of as timestamptz)
            else (cast(:as_of as timestamptz) at time zone z.time_zone_name - make_interval(days => 7 * g.week_number))
                at time zone z.time_zone_name
        end as until_at
    from zone as z
    cross join generate_series(0, 4) as g (week_number)
    cross join lateral (
        select cast(cast(:as_of as timestamptz) at time zone z.time_zone_name as date) - 7 * g.week_number as day_date
    ) as d
),

answered as (
    select
        s.team_id,
        d.week_number,
        count(*) as answered_calls,
        count(*) filter (where c.wait_seconds <= q.service_level_threshold_seconds) as answered_in_threshold_calls,
        array_agg(distinct c.agent_id) as agent_ids
    from days as d
    cross join warehouse.queues as q
    -- offset 0: asked once for each queue and day, in its index, and never by reading every contact there is
    cross join lateral (
        select
            r.agent_id,
            r.wait_seconds
        from warehouse.calls as r
        where
            r.queue_id = q.queue_id and r.offered_at >= d.from_at and r.offered_at <= d.until_at
            and r.answered_at >= d.start_at and r.answered_at <= d.until_at and r.direction_name = 'inbound'
            and r.agent_id is not null
        offset 0
    ) as c
    left join warehouse.team_spans as s
        on
            c.agent_id = s.agent_id and d.day_date >= s.started_date and (s.ended_date is null or d.day_date < s.ended_date)
    group by s.team_id, d.week_number
),

sums as (
    select
        a.team_id,
        coalesce(sum(a.answered_calls) filter (where a.week_number = 0), 0) as answered_calls,
        coalesce(sum(a.answered_in_threshold_calls) filter (where a.week_number = 0), 0) as answered_in_threshold_calls,
        coalesce(max(cardinality(a.agent_ids)) filter (where a.week_number = 0), 0) as handling_agents,
        coalesce(sum(a.answered_calls) filter (where a.week_number > 0), 0) as usual_answered_calls,
        coalesce(sum(a.answered_in_threshold_calls) filter (where a.week_number > 0), 0) as usual_answered_in_threshold_calls,
        coalesce(min(cardinality(a.agent_ids)) filter (where a.week_number > 0), 0) as usual_handling_agents,
        count(*) filter (where a.week_number > 0) as usual_days_count,
        string_agg(a.week_number || ':' || array_to_string(a.agent_ids, ' ' || a.week_number || ':'), ' ') as agent_days_text
    from answered as a
    group by a.team_id
)

select
    s.team_id,
    t.team_name,
    cast(:as_of as timestamptz) as until_at,
    case when k.is_told then s.answered_calls end as answered_calls,
    case when k.is_told then s.answered_in_threshold_calls end as answered_in_threshold_calls,
    case when k.is_usual_told then s.usual_answered_calls end as usual_answered_calls,
    case when k.is_usual_told then s.usual_answered_in_threshold_calls end as usual_answered_in_threshold_calls,
    s.usual_days_count,
    s.agent_days_text,
    false as is_rounded,
    case when not k.is_told then 'few' end as withheld_name,
    case when not k.is_told then (select access.fewest_agents()) end as fewest_agents
from sums as s
left join warehouse.teams as t on s.team_id = t.team_id
cross join lateral (
    select
        (select warehouse.is_individual('handled_contacts'))
        or s.handling_agents not between 1 and (select access.fewest_agents()) - 1 as is_told,
        (select warehouse.is_individual('handled_contacts'))
        or s.usual_handling_agents not between 1 and (select access.fewest_agents()) - 1 as is_usual_told
) as k
order by t.team_name, s.team_id
