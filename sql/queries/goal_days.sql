-- How has each goal gone, day by day?
-- Grain: one row per goal and local day that was measured for the goal as it is now.
select
    d.goal_id,
    d.day_date,
    d.measured_value,
    d.measured_count
from warehouse.goal_days as d
inner join warehouse.goals as g on d.goal_id = g.goal_id and d.version_number = g.version_number
where d.measured_at <= :as_of
order by d.goal_id, d.day_date
