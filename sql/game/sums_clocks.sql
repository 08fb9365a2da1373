-- Between which instants lie the working days that are asked for, for each agent?
-- Grain: one row per agent. What a shift of the last day holds after the day's end lies within, too.
insert into game_clocks (agent_id, team_id, time_zone_name, day_starts_hour, from_at, until_at)
select
    c.agent_id,
    a.team_id,
    c.time_zone_name,
    c.day_starts_hour,
    (cast(:first_date as date) + make_interval(hours => c.day_starts_hour)) at time zone c.time_zone_name,
    greatest(
        (cast(:last_date as date) + 1 + make_interval(hours => c.day_starts_hour)) at time zone c.time_zone_name,
        (
            select max(x.ended_at) from game_crossings as x
            where x.agent_id = c.agent_id and x.day_date <= cast(:last_date as date)
        )
    )
from game.agent_clocks as c
inner join warehouse.agents as a on c.agent_id = a.agent_id
