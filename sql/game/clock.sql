-- Which working day is it, which is the last one that is posted, and since when are days open?
-- Grain: one row. Posted: its end is settle_hours ago by every clock. extent: the days of which the warehouse holds facts.
with clocks as (
    select
        c.time_zone_name,
        c.day_starts_hour,
        c.settle_hours
    from game.agent_clocks as c
    group by c.time_zone_name, c.day_starts_hour, c.settle_hours
    union distinct
    select
        coalesce(warehouse.site_zone_name(), 'UTC'),
        s.day_starts_hour,
        s.settle_hours
    from game.settings as s
    where s.site_name is null
)

select
    max(game.working_day(cast(:at as timestamptz), c.time_zone_name, c.day_starts_hour)) as today_date,
    min(
        game.working_day(
            cast(:at as timestamptz) - make_interval(hours => c.settle_hours), c.time_zone_name, c.day_starts_hour
        )
    ) - 1 as posted_date,
    (select max(d.day_date) from game.day_closes as d) as closed_date,
    (select max(s.open_days) from game.settings as s) as open_days
from clocks as c
