-- Which rules give points now, so that a contest can count them?
-- Grain: one row per rule that is switched on.
select
    r.rule_name,
    v.spec_text
from game.rules as r
cross join lateral (
    select
        o.spec_text,
        o.is_on
    from game.rule_versions as o
    where o.rule_name = r.rule_name
    order by o.version_number desc limit 1
) as v
where r.kind_name = 'points' and v.is_on
order by r.rule_name
