-- What does the newest version of each rule say, as a hash, and who published it?
-- Grain: one row per rule.
select distinct on (v.rule_name)
    v.rule_name,
    v.spec_sha256 as spec_text,
    v.published_by_name,
    v.version_number
from game.rule_versions as v
order by v.rule_name, v.version_number desc
