-- Which contests and challenges are there, on what terms, how far are they, and does the reader take part?
-- Grain: one row per contest, those under way first.
select
    c.contest_id,
    c.contest_name,
    c.about_text,
    c.kind_name,
    c.team_id,
    e.team_name,
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
    l.joined_agents,
    l.is_joined,
    l.is_mine,
    l.is_joinable,
    l.begins_at,
    l.ends_at,
    l.settles_at,
    cast(v.spec_text as text) as spec_text
from access.contest_list(cast(:as_of as timestamptz)) as l
inner join game.contests as c on l.contest_id = c.contest_id
left join warehouse.teams as e on c.team_id = e.team_id
left join lateral (
    select o.spec_text from game.rule_versions as o
    where o.rule_name = c.rule_name
    order by o.version_number desc limit 1
) as v on true
order by
    array_position(array['pending', 'running', 'announced', 'draft', 'finalised', 'cancelled'], c.state_name),
    c.first_date desc,
    c.contest_id desc
