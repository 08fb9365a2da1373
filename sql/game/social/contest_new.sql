-- Drafts a contest.
-- Grain: one row: its number.
insert into game.contests (
    contest_name, about_text, kind_name, team_id, rule_name, above_name, below_name, is_less_better, first_date, last_date,
    minimum_count, minimum_hours, minimum_agents, minimum_qualified_agents, tie_name, is_anonymous, is_prorated, account_name
)
values (
    :contest_name, :about_text, :kind_name, cast(:team_id as integer), :rule_name, :above_name, :below_name, :is_less_better,
    cast(:first_date as date), cast(:last_date as date), :minimum_count, :minimum_hours, :minimum_agents, :minimum_qualified_agents,
    :tie_name, :is_anonymous, :is_prorated, :account_name
)
returning contest_id
