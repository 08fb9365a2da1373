-- What each agent (or team) has in each period.
-- Grain: one row per unit, period and part.
select
    f.unit_id,
    f.part_name,
    f.period_text,
    f.start_date,
    f.end_date,
    sum(f.above_value) as above_value,
    sum(f.below_value) as below_value,
    sum(f.square_value) as square_value,
    cast(null as double precision) as expected_value
from facts as f
group by f.unit_id, f.part_name, f.period_text, f.start_date, f.end_date
