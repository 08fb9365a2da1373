-- The facts behind each grant with what everybody's rate would have made of the same work, by kind of work.
-- Grain: one row per unit, period, day of the grant and kind of work.
select
    s.unit_id,
    s.start_date,
    g.effective_date,
    s.end_date as fact_date,
    s.queue_id,
    s.channel_name,
    cast(null as text) as direction_name,
    s.topic_name,
    s.hour_band,
    s.own_above_value as above_value,
    s.own_below_value as below_value,
    s.own_below_value * s.expected_ratio as expected_value
from strata as s
inner join (select distinct o.unit_id, o.start_date, o.effective_date from granted_days as o) as g
    on s.unit_id = g.unit_id and s.start_date = g.start_date
where s.part_name = 'now'
