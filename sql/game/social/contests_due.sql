-- Which contests begin or end by the clock?
-- Grain: one row per contest and step that is due.
select
    c.contest_id,
    c.state_name as from_name,
    case c.state_name when 'announced' then 'begin' else 'end' end as step_name
from game.contests as c
where
    (c.state_name = 'announced' and game.day_begins_at(c.first_date) <= cast(:at as timestamptz))
    or (c.state_name = 'running' and game.day_begins_at(c.last_date + 1) <= cast(:at as timestamptz))
order by c.contest_id
for update of c skip locked
