-- The teams of the organisation, as they can be edited.
-- Grain: one row per team.
select
    t.team_id,
    t.team_name
from warehouse.teams as t
order by t.team_name, t.team_id
