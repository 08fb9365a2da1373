-- Gives every agent whose memberships are dated the team of the site's present day.
-- Grain: one row per agent whose team changed.
with zone as (
    select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s
),

dated as (
    select
        m.agent_id,
        (
            array_agg(m.team_id order by m.started_date desc) filter (
                where
                m.started_date <= cast(:as_of at time zone z.time_zone_name as date)
                and (m.ended_date is null or m.ended_date > cast(:as_of at time zone z.time_zone_name as date))
            )
        )[1] as team_id
    from warehouse.team_members as m
    cross join zone as z
    group by m.agent_id
)

update warehouse.agents as a set team_id = d.team_id
from dated as d
where a.agent_id = d.agent_id and a.team_id is distinct from d.team_id
