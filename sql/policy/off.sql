-- Which of some families of figures may not exist for a single agent?
-- Grain: one row per family that is off.
select n.family_name
from unnest(cast(:family_names as text [])) as n (family_name)
where not warehouse.is_individual(n.family_name)
order by n.family_name
