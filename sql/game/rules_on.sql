-- Which versions of which rules are on, on a working day?
-- Grain: one row per rule that is on.
select
    n.rule_name,
    n.kind_name,
    n.version_number,
    n.valid_from_date,
    n.spec_text
from (
    select distinct on (v.rule_name)
        v.rule_name,
        k.kind_name,
        v.version_number,
        v.valid_from_date,
        v.spec_text,
        v.is_on
    from game.rule_versions as v
    inner join game.rules as k on v.rule_name = k.rule_name
    where v.valid_from_date <= cast(:day_date as date)
    order by v.rule_name, v.valid_from_date desc, v.version_number desc
) as n
where n.is_on
order by n.rule_name
