-- Does an agent keep a streak alive with a contact in the first or last minutes of a shift, and nothing else all day?
-- Grain: one row per agent, sign, kind of work, and whether it was the agent's worst day (the one with the most hits). expected is
-- null where the others' rate tells what is to be expected; wider_text: the kind of work to compare in where few others did it.
with few_days as (
    -- Days with few contacts: on those a single one can make the difference.
    select
        s.agent_id,
        s.effective_date,
        sum(cast(s.sums ->> 'handled_calls' as double precision)) as calls
    from game.day_sums as s
    where
        s.effective_date between cast(:first_date as date) and cast(:last_date as date) and s.sums ? 'handled_calls'
    group by 1, 2
    having sum(cast(s.sums ->> 'handled_calls' as double precision)) between 1 and 3
),

working_days as (
    select
        f.*,
        (f.effective_date + make_interval(hours => k.day_starts_hour)) at time zone k.time_zone_name as starts_at,
        (f.effective_date + 1 + make_interval(hours => k.day_starts_hour)) at time zone k.time_zone_name as ends_at
    from few_days as f
    inner join game.agent_clocks as k on f.agent_id = k.agent_id
),

shifts as (
    select
        w.agent_id,
        w.effective_date,
        min(h.started_at) as started_at,
        max(h.ended_at) as ended_at
    from working_days as w
    inner join warehouse.shifts as h on w.agent_id = h.agent_id and h.started_at >= w.starts_at and h.started_at < w.ends_at
    where warehouse.activity_kind(h.activity_name, h.is_planned) = 'work'
    group by 1, 2
),

-- The day's shift; where none is told, the whole working day.
spans as (
    select
        w.agent_id,
        w.effective_date,
        coalesce(s.started_at, w.starts_at) as started_at,
        coalesce(s.ended_at, w.ends_at) as ended_at
    from working_days as w
    left join shifts as s on w.agent_id = s.agent_id and w.effective_date = s.effective_date
),

contacts as (
    select
        p.agent_id,
        p.effective_date,
        c.answered_at < p.started_at + interval '10 minutes'
        or c.answered_at >= p.ended_at - interval '10 minutes' as is_at_edge,
        least(1, 1200 / greatest(1200, extract(epoch from p.ended_at - p.started_at))) as edge_share
    from spans as p
    inner join warehouse.calls as c
        on
            p.agent_id = c.agent_id and c.answered_at >= p.started_at - interval '30 minutes'
            and c.answered_at < p.ended_at + interval '30 minutes'
    where c.direction_name = 'inbound'
),

found as (
    select
        c.agent_id,
        'edge-of-the-day' as sign_name,
        c.effective_date,
        'all' as stratum_text,
        'all' as wider_text,
        cast(cast(bool_and(c.is_at_edge) as integer) as double precision) as hits,
        cast(1 as double precision) as trials,
        cast(power(min(c.edge_share), count(*)) as double precision) as expected
    from contacts as c
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
