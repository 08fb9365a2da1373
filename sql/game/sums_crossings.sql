-- Which shifts go on after the working day on which they began is over by the local clock?
-- Grain: one row per such shift, with the working day to which all of it belongs. All others need no asking.
insert into game_crossings (agent_id, started_at, ended_at, day_date)
select
    c.agent_id,
    w.started_at,
    w.ended_at,
    game.working_day(w.started_at, c.time_zone_name, c.day_starts_hour)
from game.agent_clocks as c
cross join lateral game.agent_shifts(
    c.agent_id, cast(:first_date as date) - interval '3 days', cast(:last_date as date) + interval '3 days'
) as w
where
    game.working_day(w.started_at, c.time_zone_name, c.day_starts_hour)
    < game.working_day(w.ended_at - interval '1 microsecond', c.time_zone_name, c.day_starts_hour)
