-- Which agents are there, and to which team did each belong at an instant?
-- Grain: one row per agent; team_id and team_name are null for an agent without a team.
with zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
)

select
    a.agent_id,
    a.agent_name,
    a.is_active,
    a.site_name,
    t.team_id,
    t.team_name
from warehouse.agents as a
cross join zone as z
left join lateral (
    select m.team_id
    from warehouse.team_members as m
    where
        m.agent_id = a.agent_id and m.started_date <= cast(:as_of at time zone z.time_zone_name as date)
        and (m.ended_date is null or m.ended_date > cast(:as_of at time zone z.time_zone_name as date))
    order by m.started_date desc
    limit 1
) as m on true
-- An agent whose memberships were never dated belongs to the team that his row names.
left join warehouse.teams as t
    on t.team_id = case
        when exists (select 1 from warehouse.team_members as e where e.agent_id = a.agent_id) then m.team_id
        else a.team_id
    end
order by t.team_name nulls last, a.agent_name, a.agent_id
