-- What does that version of a rule say? Told only where somebody took its badge home: a secret one is told by nobody else.
-- Grain: one row, or none.
select
    v.rule_name,
    v.version_number,
    v.spec_text,
    v.spec_sha256 as spec_key
from game.rule_versions as v
where
    v.rule_name = :rule_name and v.version_number = cast(:version_number as integer)
    and exists (
        select
        from game.credentials as c
        inner join game.ledger as l on c.entry_id = l.entry_id
        where
            l.rule_name = v.rule_name and l.version_number = v.version_number
            and coalesce(l.tier_name, 'badge') = :tier_name
    )
