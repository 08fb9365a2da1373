-- What the rule counts, of the work that it is about.
-- Grain: one row per agent, period, part of it, working day and kind of work.
select
    f.agent_id as unit_id,
    f.*
from (
    select
        d.agent_id,
        p.part_name,
        p.period_text,
        p.start_date,
        p.end_date,
        d.effective_date,
        d.queue_id,
        d.channel_name,
        d.direction_name,
        d.topic_name,
        d.hour_band,
        (
            coalesce(cast(d.sums ->> cast(:above_1 as text) as double precision), 0) * cast(:above_1_sign as integer)
            + coalesce(cast(d.sums ->> cast(:above_2 as text) as double precision), 0) * cast(:above_2_sign as integer)
            + coalesce(cast(d.sums ->> cast(:above_3 as text) as double precision), 0) * cast(:above_3_sign as integer)
            + coalesce(cast(d.sums ->> cast(:above_4 as text) as double precision), 0) * cast(:above_4_sign as integer)
        ) as above_value,
        (
            coalesce(cast(d.sums ->> cast(:below_1 as text) as double precision), 0) * cast(:below_1_sign as integer)
            + coalesce(cast(d.sums ->> cast(:below_2 as text) as double precision), 0) * cast(:below_2_sign as integer)
            + coalesce(cast(d.sums ->> cast(:below_3 as text) as double precision), 0) * cast(:below_3_sign as integer)
            + coalesce(cast(d.sums ->> cast(:below_4 as text) as double precision), 0) * cast(:below_4_sign as integer)
        ) as below_value,
        cast(d.sums ->> cast(:squares as text) as double precision) as square_value
    from game.day_sums as d
    inner join days as p on d.effective_date = p.day_date
    where
        d.effective_date between (select min(b.day_date) from days as b) and (select max(b.day_date) from days as b)
        and (cast(:channels as text []) is null or d.channel_name = any(cast(:channels as text [])))
        and (cast(:directions as text []) is null or d.direction_name = any(cast(:directions as text [])))
        and (cast(:topics as text []) is null or d.topic_name = any(cast(:topics as text [])))
        and (
            cast(:queues as text []) is null
            or d.queue_id in (select q.queue_id from warehouse.queues as q where q.queue_name = any(cast(:queues as text [])))
        )
    offset 0 -- so that each value is read once
) as f
where f.above_value <> 0 or f.below_value <> 0
