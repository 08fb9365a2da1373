-- Do fewer of an agent's customers answer the survey than others' do, of all or of those whose contact was long or short?
-- Grain: one row per agent, sign, kind of work, and whether it was the agent's worst day (the one with the most hits). expected is
-- null where the others' rate tells what is to be expected; wider_text: the kind of work to compare in where few others did it.
with calls as materialized (
    select
        c.source_name,
        c.call_id,
        c.agent_id,
        c.queue_id,
        game.working_day(c.answered_at, k.time_zone_name, k.day_starts_hour) as effective_date,
        c.csat_score is not null or c.nps_score is not null as is_told,
        ln(greatest(1, coalesce(c.talk_seconds, 0) + coalesce(c.hold_seconds, 0))) as log_length
    from warehouse.calls as c
    inner join game.agent_clocks as k on c.agent_id = k.agent_id
    where
        c.offered_at >= cast(:first_date as date) - interval '1 day'
        and c.offered_at < cast(:last_date as date) + interval '3 days'
        and (select warehouse.is_individual('ratings'))
        and c.direction_name = 'inbound' and c.answered_at is not null and c.ended_at is not null
        and c.transfer_kind_name is null
),

answers as (
    select distinct
        v.call_id
    from warehouse.surveys as v
    where
        v.answered_at >= cast(:first_date as date) - interval '1 day' and v.call_id is not null
        and (v.csat_score is not null or v.nps_score is not null)
),

asked as materialized (
    select
        c.*,
        c.is_told or a.call_id is not null as is_answered,
        c.log_length >= avg(c.log_length) over (partition by c.queue_id) as is_long
    from calls as c
    left join answers as a on c.call_id = a.call_id
    where c.effective_date between cast(:first_date as date) and cast(:last_date as date)
),

-- A queue without any answer asks nobody.
asking_queues as (
    select a.queue_id
    from asked as a
    group by 1
    having bool_or(a.is_answered)
),

found as (
    select
        a.agent_id,
        s.sign_name,
        a.effective_date,
        concat_ws('/', a.queue_id, a.is_long) as stratum_text,
        cast(a.queue_id as text) as wider_text,
        cast(count(*) filter (where a.is_answered) as double precision) as hits,
        cast(count(*) as double precision) as trials,
        cast(null as double precision) as expected
    from asked as a
    inner join asking_queues as q on a.queue_id = q.queue_id
    cross join lateral unnest(
        array['few-answers', case when a.is_long then 'few-answers-long' else 'few-answers-short' end]
    ) as s (sign_name)
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
