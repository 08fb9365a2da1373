-- The agents whom a source knows by more than one key.
-- Grain: one row per agent.
select k.agent_id
from warehouse.agent_keys as k
where k.source_name = :source_name
group by k.agent_id
having count(*) > 1
