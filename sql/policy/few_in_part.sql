-- Which of some families may not exist for a single agent, where so few of the chosen team or site answered what came in that their
-- sum would tell of one of them?
-- Grain: one row per family that is off; none where enough agents answered.
select
    n.family_name,
    access.fewest_agents() as fewest_agents
from unnest(cast(:family_names as text [])) as n (family_name)
where
    not warehouse.is_individual(n.family_name)
    and (
        select count(distinct c.agent_id)
        from warehouse.calls as c
        inner join warehouse.agents as a on c.agent_id = a.agent_id
        cross join (select coalesce(min(s.time_zone_name), 'UTC') as time_zone_name from warehouse.sites as s) as z
        where
            c.offered_at >= :window_start and c.offered_at < :window_end and c.answered_at is not null
            and (cast(:site_name as text) is null or coalesce(a.site_name, '') = cast(:site_name as text))
            and (
                cast(:team_id as integer) is null
                or exists (
                    select 1
                    from warehouse.team_spans as m
                    where
                        m.agent_id = c.agent_id and m.team_id = cast(:team_id as integer)
                        and m.started_date <= cast(c.answered_at at time zone z.time_zone_name as date)
                        and coalesce(m.ended_date, cast('2100-01-01' as date))
                        > cast(c.answered_at at time zone z.time_zone_name as date)
                )
            )
    ) < access.fewest_agents()
order by n.family_name
