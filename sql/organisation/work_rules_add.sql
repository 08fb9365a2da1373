-- Adds the rules of work of a team, or of the whole site; none where they are there already.
-- Grain: one row per rule added.
insert into warehouse.work_rules (team_id, grace_seconds, short_call_seconds)
values (
    (select t.team_id from warehouse.teams as t where t.team_name = cast(:team_name as text)),
    :grace_seconds,
    :short_call_seconds
)
on conflict do nothing
