-- Adds a membership of a team; none where one begins on that day already.
-- Grain: one row per membership added.
insert into warehouse.team_members (team_id, agent_id, started_date, ended_date)
values (
    (select t.team_id from warehouse.teams as t where t.team_name = :team_name),
    :agent_id,
    cast(:started_date as date),
    cast(:ended_date as date)
)
on conflict do nothing
