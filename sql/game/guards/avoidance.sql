-- Does an agent stay away from contacts longer than others: after them, during them, in pauses, right before them, or by leaving?
-- Grain: one row per agent, sign, kind of work, and whether it was the agent's worst day (the one with the most hits). expected is
-- null where the others' rate tells what is to be expected; wider_text: the kind of work to compare in where few others did it.
with states as materialized (
    select
        a.agent_id,
        a.state_name,
        a.started_at,
        a.ended_at,
        a.started_at at time zone k.time_zone_name as local_at,
        game.working_day(a.started_at, k.time_zone_name, k.day_starts_hour) as effective_date,
        extract(
            epoch from case when lag(a.state_name) over of_agent = 'available' then a.started_at - lag(a.started_at) over of_agent end
        ) as idle_seconds
    from warehouse.agent_states as a
    inner join game.agent_clocks as k on a.agent_id = k.agent_id
    where
        a.started_at >= cast(:first_date as date) - interval '1 day'
        and a.started_at < cast(:last_date as date) + interval '3 days'
        and (select warehouse.is_individual('states'))
    window of_agent as (partition by a.agent_id order by a.started_at, a.source_name)
),

-- Apart, because there are few of them: they are compared row by row.
leavings as materialized (
    select s.*
    from states as s
    where
        s.state_name in ('paused', 'signed_out')
        and s.effective_date between cast(:first_date as date) and cast(:last_date as date)
),

-- How long an agent usually waits for the next contact: four fifths of them come within this time.
waits as materialized (
    select
        s.agent_id,
        percentile_cont(0.8) within group (order by s.idle_seconds) as long_seconds
    from states as s
    where s.state_name in ('ringing', 'on_contact') and s.idle_seconds is not null
    group by 1
    having count(*) >= 20
),

shifts as materialized (
    select
        h.agent_id,
        h.started_at,
        h.ended_at,
        game.working_day(h.started_at, k.time_zone_name, k.day_starts_hour) as effective_date
    from warehouse.shifts as h
    inner join game.agent_clocks as k on h.agent_id = k.agent_id
    where
        warehouse.activity_kind(h.activity_name, h.is_planned) = 'work' and h.ended_at - h.started_at >= interval '2 hours'
        and h.started_at >= cast(:first_date as date) - interval '1 day'
        and h.started_at < cast(:last_date as date) + interval '3 days'
        and (select warehouse.is_individual('adherence'))
),

-- The busy hours of a day: those with at least as many contacts as its hours with contacts have on average.
hours as (
    select
        s.effective_date,
        s.hour_band,
        sum(cast(s.sums ->> 'handled_calls' as double precision)) as calls
    from game.day_sums as s
    where
        s.effective_date between cast(:first_date as date) and cast(:last_date as date)
        and s.sums ? 'handled_calls' and s.hour_band is not null
    group by 1, 2
),

busy_hours as materialized (
    select
        h.effective_date,
        h.hour_band
    from (select h.*, avg(h.calls) over (partition by h.effective_date) as usual_calls from hours as h) as h
    where h.calls >= h.usual_calls
),

found as (
    select
        s.agent_id,
        'wrap-up' as sign_name,
        s.effective_date,
        concat_ws('/', s.queue_id, s.channel_name, s.hour_band) as stratum_text,
        concat_ws('/', s.queue_id, s.channel_name) as wider_text,
        coalesce(sum(cast(s.sums ->> 'wrap_up_seconds' as double precision)), 0) as hits,
        sum(cast(s.sums ->> 'handled_calls' as double precision)) as trials,
        cast(null as double precision) as expected
    from game.day_sums as s
    where
        s.effective_date between cast(:first_date as date) and cast(:last_date as date)
        and s.sums ? 'wrap_up_seconds' and s.queue_id is not null
    group by 1, 2, 3, 4, 5
    union all
    select
        s.agent_id,
        'hold' as sign_name,
        s.effective_date,
        concat_ws('/', s.queue_id, s.channel_name, s.hour_band) as stratum_text,
        concat_ws('/', s.queue_id, s.channel_name) as wider_text,
        coalesce(sum(cast(s.sums ->> 'hold_seconds' as double precision)), 0) as hits,
        sum(cast(s.sums ->> 'handled_calls' as double precision)) as trials,
        cast(null as double precision) as expected
    from game.day_sums as s
    where
        s.effective_date between cast(:first_date as date) and cast(:last_date as date)
        and s.sums ? 'hold_seconds' and s.queue_id is not null
    group by 1, 2, 3, 4, 5
    union all
    select
        s.agent_id,
        'pauses' as sign_name,
        s.effective_date,
        'all' as stratum_text,
        'all' as wider_text,
        coalesce(sum(cast(s.sums ->> 'paused_seconds' as double precision)), 0) as hits,
        sum(cast(s.sums ->> 'signed_in_seconds' as double precision)) / 3600 as trials,
        cast(null as double precision) as expected
    from game.day_sums as s
    where
        s.effective_date between cast(:first_date as date) and cast(:last_date as date) and s.sums ? 'signed_in_seconds'
    group by 1, 2, 3, 4, 5
    union all
    select
        s.agent_id,
        'pauses-when-next' as sign_name,
        s.effective_date,
        'all' as stratum_text,
        'all' as wider_text,
        cast(count(*) filter (where s.idle_seconds > w.long_seconds) as double precision) as hits,
        cast(count(*) as double precision) as trials,
        cast(null as double precision) as expected
    from leavings as s
    inner join waits as w on s.agent_id = w.agent_id
    where s.state_name = 'paused' and s.idle_seconds is not null
    group by 1, 2, 3, 4, 5
    union all
    select
        h.agent_id,
        'left-in-peaks' as sign_name,
        h.effective_date,
        'all' as stratum_text,
        'all' as wider_text,
        cast(count(s.agent_id) as double precision) as hits,
        cast(count(distinct h.started_at) as double precision) as trials,
        cast(null as double precision) as expected
    from shifts as h
    left join (
        select
            s.agent_id,
            s.started_at
        from leavings as s
        inner join busy_hours as b
            on s.effective_date = b.effective_date and floor(extract(hour from s.local_at) / 3) = b.hour_band
        where s.state_name = 'signed_out' and (s.ended_at is null or s.ended_at - s.started_at >= interval '5 minutes')
    ) as s
        on
            h.agent_id = s.agent_id and s.started_at >= h.started_at + interval '15 minutes'
            and s.started_at < h.ended_at - interval '20 minutes'
    where h.effective_date between cast(:first_date as date) and cast(:last_date as date)
    group by 1, 2, 3, 4, 5
),

by_day as (
    select
        f.*,
        sum(f.hits) over (partition by f.agent_id, f.sign_name, f.effective_date) as day_hits
    from found as f
),

days as (
    select
        b.*,
        first_value(b.effective_date) over (
            partition by b.agent_id, b.sign_name order by b.day_hits desc, b.effective_date
        ) as worst_date
    from by_day as b
)

select
    d.agent_id,
    d.sign_name,
    d.stratum_text,
    d.wider_text,
    d.effective_date = d.worst_date as is_worst_day,
    sum(d.hits) as hits,
    sum(d.trials) as trials,
    sum(d.expected) as expected
from days as d
group by 1, 2, 3, 4, 5
order by 1, 2, 3, 5
