-- What did agents reach in a measure, in whole weeks before and after a rule or a contest began, against their own mix of work?
-- Grain: one row per agent and week counted from :start_date (week 0 begins with it); a week without such work is none.
-- scope_count: of the counted work, what is of the queues and topics that the rule is for (all of it where it names none).
with sums as (
    select
        d.agent_id,
        cast(floor((d.effective_date - cast(:start_date as date)) / 7.0) as integer) as week_number,
        d.queue_id,
        d.channel_name,
        d.direction_name,
        d.hour_band,
        (
            select sum(cast(d.sums ->> n.column_name as double precision) * n.column_sign)
            from unnest(cast(:above_names as text []), cast(:above_signs as integer [])) as n (column_name, column_sign)
        ) as above_amount,
        (
            select sum(cast(d.sums ->> n.column_name as double precision) * n.column_sign)
            from unnest(cast(:below_names as text []), cast(:below_signs as integer [])) as n (column_name, column_sign)
        ) as below_amount,
        coalesce(
            cast(d.sums ->> 'scheduled_seconds' as double precision)
            - coalesce(cast(d.sums ->> 'leave_seconds' as double precision), 0)
            - coalesce(cast(d.sums ->> 'absent_seconds' as double precision), 0),
            cast(d.sums ->> 'signed_in_seconds' as double precision)
        ) as worked_seconds,
        (
            (cardinality(cast(:queue_names as text [])) = 0 or q.queue_name = any(cast(:queue_names as text [])))
            and (cardinality(cast(:topic_names as text [])) = 0 or d.topic_name = any(cast(:topic_names as text [])))
        ) as is_of_rule
    from game.day_sums as d
    left join warehouse.queues as q on d.queue_id = q.queue_id
    where
        d.effective_date >= cast(:first_date as date) and d.effective_date <= cast(:last_date as date)
        and (
            d.channel_name is null or cardinality(cast(:channel_names as text [])) = 0
            or d.channel_name = any(cast(:channel_names as text []))
        )
        and (
            d.direction_name is null or cardinality(cast(:direction_names as text [])) = 0
            or d.direction_name = any(cast(:direction_names as text []))
        )
),

counted as (
    select s.*
    from sums as s
    where s.above_amount is not null and (cardinality(cast(:below_names as text [])) = 0 or s.below_amount > 0)
),

expected as (
    select
        c.agent_id,
        c.week_number,
        c.above_amount,
        c.below_amount,
        c.is_of_rule,
        c.below_amount * case
            when sum(c.below_amount) over of_kind >= 30
                then sum(c.above_amount) over of_kind / nullif(sum(c.below_amount) over of_kind, 0)
            else sum(c.above_amount) over of_queue / nullif(sum(c.below_amount) over of_queue, 0)
        end as expected_amount
    from counted as c
    window
        of_kind as (partition by c.queue_id, c.channel_name, c.direction_name, c.hour_band),
        of_queue as (partition by c.queue_id, c.channel_name)
),

weeks as (
    select
        e.agent_id,
        e.week_number,
        sum(e.above_amount) as above_amount,
        sum(e.below_amount) as below_amount,
        sum(e.expected_amount) as expected_amount,
        sum(coalesce(e.below_amount, e.above_amount)) filter (where e.is_of_rule) as scope_count,
        sum(coalesce(e.below_amount, e.above_amount)) as work_count
    from expected as e
    group by e.agent_id, e.week_number
),

hours as (
    select
        w.agent_id,
        w.week_number,
        sum(w.worked_seconds) as worked_seconds
    from sums as w
    group by w.agent_id, w.week_number
)

select
    w.agent_id,
    w.week_number,
    w.above_amount,
    w.below_amount,
    w.expected_amount,
    round(coalesce(w.scope_count, 0)) as scope_count,
    round(w.work_count) as work_count,
    h.worked_seconds
from weeks as w
left join hours as h on w.agent_id = h.agent_id and w.week_number = h.week_number
order by w.agent_id, w.week_number
