-- Does an agent make two tickets of one matter, or open what they solved themselves to solve it once more?
-- Grain: one row per agent, sign, kind of work, and whether it was the agent's worst day (the one with the most hits). expected is
-- null where the others' rate tells what is to be expected; wider_text: the kind of work to compare in where few others did it.
with solved as materialized (
    select
        t.source_name,
        t.ticket_id,
        t.agent_id,
        t.customer_key,
        t.created_at,
        coalesce(t.group_name, '') as group_name,
        coalesce(t.topic_name, '') as topic_name,
        game.working_day(t.last_resolved_at, k.time_zone_name, k.day_starts_hour) as effective_date
    from warehouse.tickets as t
    inner join game.agent_clocks as k on t.agent_id = k.agent_id
    where
        t.last_resolved_at >= cast(:first_date as date) - interval '1 day'
        and t.last_resolved_at < cast(:last_date as date) + interval '3 days'
        and (select warehouse.is_individual('tickets'))
        and not t.is_deleted
),

-- A second ticket of one customer in one group within six hours, both solved by the same agent.
neighbours as (
    select
        s.*,
        s.created_at - lag(s.created_at) over of_customer <= interval '6 hours' as is_near
    from solved as s
    window of_customer as (partition by s.agent_id, s.customer_key, s.group_name order by s.created_at, s.source_name, s.ticket_id)
),

-- Opened again by the hand that had solved it, without a word of the customer in between.
statuses as (
    select
        e.source_name,
        e.ticket_id,
        e.agent_id,
        e.actor_name,
        e.value_text in ('solved', 'closed') as is_solved,
        lag(e.value_text in ('solved', 'closed')) over of_ticket as was_solved,
        lag(e.agent_id) over of_ticket as solver_agent_id,
        e.event_name = 'status' as is_status,
        lag(e.event_name = 'status') over of_ticket as was_status
    from warehouse.ticket_events as e
    inner join solved as s on e.source_name = s.source_name and e.ticket_id = s.ticket_id
    where e.event_name in ('status', 'request')
    window of_ticket as (partition by e.source_name, e.ticket_id order by e.occurred_at, e.event_number)
),

opened as (
    select distinct
        s.source_name,
        s.ticket_id,
        s.agent_id
    from statuses as s
    where
        s.is_status and s.was_status and s.was_solved and not s.is_solved and s.actor_name = 'agent'
        and s.agent_id = s.solver_agent_id
),

found as (
    select
        n.agent_id,
        'split' as sign_name,
        n.effective_date,
        n.group_name as stratum_text,
        '' as wider_text,
        cast(count(*) filter (where n.is_near) as double precision) as hits,
        cast(count(*) as double precision) as trials,
        cast(null as double precision) as expected
    from neighbours as n
    where
        n.customer_key is not null and n.effective_date between cast(:first_date as date) and cast(:last_date as date)
    group by 1, 2, 3, 4, 5
    union all
    select
        s.agent_id,
        'opened-again' as sign_name,
        s.effective_date,
        s.group_name as stratum_text,
        '' as wider_text,
        cast(count(o.ticket_id) as double precision) as hits,
        cast(count(*) as double precision) as trials,
        cast(null as double precision) as expected
    from solved as s
    left join opened as o on s.source_name = o.source_name and s.ticket_id = o.ticket_id and s.agent_id = o.agent_id
    where s.effective_date between cast(:first_date as date) and cast(:last_date as date)
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
