-- The facts behind each streak, by day.
-- Grain: one row per agent, day of the grant and day of the streak.
select
    f.unit_id,
    g.start_date,
    g.effective_date,
    f.effective_date as fact_date,
    cast(null as integer) as queue_id,
    cast(null as text) as channel_name,
    cast(null as text) as direction_name,
    cast(null as text) as topic_name,
    cast(null as integer) as hour_band,
    sum(f.above_value) as above_value,
    sum(f.below_value) as below_value,
    cast(null as double precision) as expected_value
from facts_told as f
inner join (
    select distinct
        o.unit_id,
        o.start_date,
        o.effective_date,
        cast(o.workings ->> 'start_date' as date) as facts_from_date
    from due as o
) as g on f.unit_id = g.unit_id and f.effective_date between g.facts_from_date and g.effective_date
group by f.unit_id, g.start_date, g.effective_date, f.effective_date
