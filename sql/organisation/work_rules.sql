-- The rules of work as they can be edited: the grace of the schedule, and which calls are short.
-- Grain: one row per team with rules of its own, and one without a team for the whole site.
select
    t.team_name,
    r.grace_seconds,
    r.short_call_seconds
from warehouse.work_rules as r
left join warehouse.teams as t on r.team_id = t.team_id
order by t.team_name nulls first
