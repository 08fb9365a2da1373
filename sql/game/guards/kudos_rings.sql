-- Do an agent's kudos come back to those who gave them, or again and again from the same colleague?
-- Grain: one row per agent, sign, kind of work, and whether it was the agent's worst day (the one with the most hits). expected is
-- null where the others' rate tells what is to be expected; wider_text: the kind of work to compare in where few others did it.
with given as materialized (
    select
        k.kudos_id,
        k.agent_id,
        k.from_agent_id,
        k.given_at,
        k.given_date
    from game.kudos as k
    where
        k.given_date between cast(:first_date as date) - 7 and cast(:last_date as date)
        and k.from_agent_id is not null and k.state_name = 'standing'
),

marked as (
    select
        g.agent_id,
        g.given_date,
        exists(
            select 1 from given as b
            where
                b.agent_id = g.from_agent_id and b.from_agent_id = g.agent_id
                and b.given_date between g.given_date - 7 and g.given_date + 7
        ) as is_returned,
        exists(
            select 1 from given as b
            where
                b.agent_id = g.agent_id and b.from_agent_id = g.from_agent_id and b.kudos_id <> g.kudos_id
                and (b.given_date, b.kudos_id) < (g.given_date, g.kudos_id) and b.given_date >= g.given_date - 7
        ) as is_again
    from given as g
    where g.given_date >= cast(:first_date as date)
),

found as (
    select
        m.agent_id,
        s.sign_name,
        m.given_date as effective_date,
        'all' as stratum_text,
        'all' as wider_text,
        cast(count(*) filter (where s.is_hit) as double precision) as hits,
        cast(count(*) as double precision) as trials,
        cast(null as double precision) as expected
    from marked as m
    cross join lateral (
        values ('returned', m.is_returned), ('same-giver', m.is_again), ('returned-again', m.is_returned and m.is_again)
    ) as s (sign_name, is_hit)
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
