-- The facts behind each grant of a long period, by month and queue.
-- Grain: one row per unit, period, day of the grant, month, queue and channel.
select
    f.unit_id,
    f.start_date,
    g.effective_date,
    max(f.effective_date) as fact_date,
    f.queue_id,
    f.channel_name,
    cast(null as text) as direction_name,
    cast(null as text) as topic_name,
    cast(null as integer) as hour_band,
    sum(f.above_value) as above_value,
    sum(f.below_value) as below_value,
    cast(null as double precision) as expected_value
from facts_told as f
inner join (select distinct o.unit_id, o.start_date, o.effective_date, o.facts_until_date from granted_days as o) as g
    on f.unit_id = g.unit_id and f.start_date = g.start_date and f.effective_date <= g.facts_until_date
where f.part_name = 'now'
group by f.unit_id, f.start_date, g.effective_date, to_char(f.effective_date, 'YYYY-MM'), f.queue_id, f.channel_name
