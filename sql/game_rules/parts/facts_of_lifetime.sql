-- What the rule counts of a lifetime, of the work that it is about.
-- Grain: one row per agent and working day with something counted.
select
    f.agent_id as unit_id,
    f.effective_date,
    sum(f.above_value) as above_value
from (
    select
        d.agent_id,
        d.effective_date,
        (
            coalesce(cast(d.sums ->> cast(:above_1 as text) as double precision), 0) * cast(:above_1_sign as integer)
            + coalesce(cast(d.sums ->> cast(:above_2 as text) as double precision), 0) * cast(:above_2_sign as integer)
            + coalesce(cast(d.sums ->> cast(:above_3 as text) as double precision), 0) * cast(:above_3_sign as integer)
            + coalesce(cast(d.sums ->> cast(:above_4 as text) as double precision), 0) * cast(:above_4_sign as integer)
        ) as above_value
    from game.day_sums as d
    where
        d.effective_date >= cast(:facts_from_date as date)
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
where f.above_value <> 0
group by f.agent_id, f.effective_date
