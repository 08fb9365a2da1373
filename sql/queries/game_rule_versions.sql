-- What did a rule say before, from when on, who published each version of it, and why?
-- Grain: one row per version of that rule, the newest first; until_date: the first day on which it holds no more, null while it does.
select
    v.rule_name,
    v.version_number,
    v.valid_from_date,
    n.until_date,
    v.is_on,
    v.spec_text,
    v.purpose_text,
    v.published_at,
    v.published_by_name,
    v.why_text
from game.rule_versions as v
left join lateral (
    select min(o.valid_from_date) as until_date
    from game.rule_versions as o
    where o.rule_name = v.rule_name and o.version_number > v.version_number
) as n on true
where v.rule_name = :rule_name
order by v.version_number desc
