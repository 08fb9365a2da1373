-- Adds a team; none where it is there already.
-- Grain: one row per team added.
insert into warehouse.teams (
    team_id,
    team_name
)
values (
    coalesce(cast(:team_id as integer), nextval(pg_get_serial_sequence('warehouse.teams', 'team_id'))::integer),
    cast(:team_name as text)
)
on conflict do nothing
returning team_id
