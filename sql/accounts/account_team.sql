-- Lets a supervisor see the agents of a team.
-- Grain: one row, none where it was so already.
insert into access.account_teams (account_id, team_id)
values (:account_id, :team_id)
on conflict do nothing
