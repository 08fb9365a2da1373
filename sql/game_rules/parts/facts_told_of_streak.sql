-- What the rule counted of those whose streak became long enough in the window.
-- Grain: one row per agent, working day and kind of work.
select
    f.agent_id as unit_id,
    f.*
from (
    select
        d.agent_id,
        'now' as part_name,
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
        ) as below_value
    from game.day_sums as d
    where
        d.agent_id = any(array(select g.unit_id from due as g))
        and d.effective_date >= cast(:facts_from_date as date)
        and d.effective_date <= (select b.last_due_date from bounds as b)
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
