-- Does an agent pass on more contacts than others do in the same work, and do those customers have to call again?
-- Grain: one row per agent, sign, kind of work, and whether it was the agent's worst day (the one with the most hits). expected is
-- null where the others' rate tells what is to be expected; wider_text: the kind of work to compare in where few others did it.
with found as (
    select
        s.agent_id,
        'passed-on' as sign_name,
        s.effective_date,
        concat_ws('/', s.queue_id, s.channel_name, s.hour_band) as stratum_text,
        concat_ws('/', s.queue_id, s.channel_name) as wider_text,
        coalesce(sum(cast(s.sums ->> 'transferred_calls' as double precision)), 0) as hits,
        sum(cast(s.sums ->> 'handled_calls' as double precision)) as trials,
        cast(null as double precision) as expected
    from game.day_sums as s
    where
        s.effective_date between cast(:first_date as date) and cast(:last_date as date)
        and s.sums ? 'handled_calls' and s.queue_id is not null
    group by 1, 2, 3, 4, 5
    union all
    select
        c.agent_id,
        'passed-on-in-vain' as sign_name,
        game.working_day(c.answered_at, k.time_zone_name, k.day_starts_hour) as effective_date,
        concat_ws('/', c.queue_id, c.channel_name) as stratum_text,
        '' as wider_text,
        cast(count(*) filter (where r.is_repeat) as double precision) as hits,
        cast(count(*) as double precision) as trials,
        cast(null as double precision) as expected
    from warehouse.calls as c
    inner join game.agent_clocks as k on c.agent_id = k.agent_id
    cross join lateral (
        select exists(
            select 1
            from warehouse.calls as n
            where
                n.customer_key = c.customer_key and n.direction_name = 'inbound' and n.contact_id <> c.contact_id
                and n.offered_at > c.ended_at and n.offered_at <= c.ended_at + interval '7 days'
        ) as is_repeat
    ) as r
    where
        c.offered_at >= cast(:first_date as date) - interval '1 day' and c.offered_at < cast(:last_date as date) + interval '3 days'
        and game.working_day(c.answered_at, k.time_zone_name, k.day_starts_hour)
        between cast(:first_date as date) and cast(:last_date as date)
        and (select warehouse.is_individual('resolution')) and c.transfer_kind_name is not null and c.customer_key is not null
        and c.direction_name = 'inbound' and c.ended_at is not null
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
