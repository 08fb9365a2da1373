-- Which versions of rules are there, and from when until when does each hold?
-- Grain: one row per version; valid_until_date is the first day of the next one, null for the last.
select
    n.rule_name,
    n.version_number,
    n.valid_from_date,
    lead(n.valid_from_date) over (partition by n.rule_name order by n.version_number) as valid_until_date,
    n.is_on,
    n.published_at,
    n.spec_text
from game.rule_versions as n
order by n.rule_name, n.version_number
