-- The newest version of every rule, and from when on it holds.
-- Grain: one row per rule with a version.
select distinct on (v.rule_name)
    v.rule_name,
    r.kind_name,
    v.version_number,
    v.valid_from_date,
    v.is_on,
    v.spec_sha256,
    v.published_by_name
from game.rule_versions as v
inner join game.rules as r on v.rule_name = r.rule_name
order by v.rule_name, v.version_number desc
