-- Do customers come back after an agent more often than after others who did the same work?
-- Grain: one row per agent, sign, kind of work, and whether it was the agent's worst day (the one with the most hits). expected is
-- null where the others' rate tells what is to be expected; wider_text: the kind of work to compare in where few others did it.
with found as (
    select
        s.agent_id,
        'came-back' as sign_name,
        s.effective_date,
        concat_ws('/', s.queue_id, s.channel_name, s.hour_band) as stratum_text,
        concat_ws('/', s.queue_id, s.channel_name) as wider_text,
        coalesce(sum(cast(s.sums ->> 'repeated_contacts' as double precision)), 0) as hits,
        sum(cast(s.sums ->> 'followed_contacts' as double precision)) as trials,
        cast(null as double precision) as expected
    from game.day_sums as s
    where
        s.effective_date between cast(:first_date as date) and cast(:last_date as date)
        and s.sums ? 'followed_contacts' and s.queue_id is not null
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
