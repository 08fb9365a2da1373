-- Does an agent let contacts ring that others take, or handle mostly what is easy of what comes to all?
-- Grain: one row per agent, sign, kind of work, and whether it was the agent's worst day (the one with the most hits). expected is
-- null where the others' rate tells what is to be expected; wider_text: the kind of work to compare in where few others did it.
with topics as (
    select
        s.queue_id,
        s.topic_name,
        sum(cast(s.sums ->> 'log_handle_sum' as double precision)) as log_sum,
        sum(cast(s.sums ->> 'handled_calls' as double precision)) as calls
    from game.day_sums as s
    where
        s.effective_date between cast(:first_date as date) and cast(:last_date as date)
        and s.sums ? 'handled_calls' and s.queue_id is not null and s.topic_name is not null
    group by 1, 2
),

-- Easy: a topic of a queue whose contacts take at most three quarters of the time that the queue's take (geometric means).
queue_topics as (
    select
        t.*,
        sum(t.log_sum) over (partition by t.queue_id) / nullif(sum(t.calls) over (partition by t.queue_id), 0) as queue_log
    from topics as t
),

easy_topics as (
    select
        t.queue_id,
        t.topic_name,
        t.log_sum / nullif(t.calls, 0) <= t.queue_log + ln(0.75) as is_easy
    from queue_topics as t
),

found as (
    select
        s.agent_id,
        'rings-left' as sign_name,
        s.effective_date,
        concat_ws('/', s.queue_id, s.channel_name, s.hour_band) as stratum_text,
        concat_ws('/', s.queue_id, s.channel_name) as wider_text,
        coalesce(sum(cast(s.sums ->> 'missed_rings' as double precision)), 0) as hits,
        coalesce(sum(cast(s.sums ->> 'missed_rings' as double precision)), 0)
        + coalesce(sum(cast(s.sums ->> 'answered_rings' as double precision)), 0) as trials,
        cast(null as double precision) as expected
    from game.day_sums as s
    where
        s.effective_date between cast(:first_date as date) and cast(:last_date as date)
        and s.sums ?| array['missed_rings', 'answered_rings']
    group by 1, 2, 3, 4, 5
    union all
    select
        s.agent_id,
        'easy-topics' as sign_name,
        s.effective_date,
        concat_ws('/', s.queue_id, s.channel_name, s.hour_band) as stratum_text,
        concat_ws('/', s.queue_id, s.channel_name) as wider_text,
        coalesce(sum(cast(s.sums ->> 'handled_calls' as double precision)) filter (where t.is_easy), 0) as hits,
        sum(cast(s.sums ->> 'handled_calls' as double precision)) as trials,
        cast(null as double precision) as expected
    from game.day_sums as s
    inner join easy_topics as t on s.queue_id = t.queue_id and s.topic_name = t.topic_name
    where
        s.effective_date between cast(:first_date as date) and cast(:last_date as date) and s.sums ? 'handled_calls'
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
