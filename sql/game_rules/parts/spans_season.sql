-- The periods that end in the bounds: seasons.
-- Grain: one row per period.
select
    s.season_name as period_text,
    s.start_date,
    s.end_date - 1 as end_date
from game.seasons as s
inner join bounds as b on s.end_date - 1 between b.first_due_date and b.last_due_date
