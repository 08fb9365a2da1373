-- What each agent (or team) has in each period, and what everybody's rate would have made of just their work.
-- Grain: one row per unit, period and part.
select
    s.unit_id,
    s.part_name,
    s.period_text,
    s.start_date,
    s.end_date,
    sum(s.own_above_value) as above_value,
    sum(s.own_below_value) as below_value,
    sum(s.own_square_value) as square_value,
    sum(s.own_below_value * s.expected_ratio) as expected_value
from strata as s
group by s.unit_id, s.part_name, s.period_text, s.start_date, s.end_date
