-- A contest as it stands, kept from others until the transaction ends, with the times that its days begin and end at.
-- Grain: one row; none where there is no such contest.
select
    c.contest_id,
    c.contest_name,
    c.about_text,
    c.kind_name,
    c.team_id,
    c.rule_name,
    c.above_name,
    c.below_name,
    c.is_less_better,
    c.first_date,
    c.last_date,
    c.minimum_count,
    c.minimum_hours,
    c.minimum_agents,
    c.minimum_qualified_agents,
    c.tie_name,
    c.is_anonymous,
    c.is_prorated,
    c.account_name,
    c.state_name,
    game.day_begins_at(c.first_date) as begins_at,
    game.day_begins_at(c.last_date + 1) as ends_at,
    game.day_begins_at(c.last_date + 1)
    + make_interval(hours => (select g.settle_hours from game.settings as g where g.site_name is null)) as settles_at,
    game.site_date(cast(:at as timestamptz)) as site_date
from game.contests as c
where c.contest_id = cast(:contest_id as integer)
for update of c
