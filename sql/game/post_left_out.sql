-- Leaves a version out of what is counted now: what it gave before stays as it is.
-- Grain: one row per version.
with gone as (
    delete from game_desired as d
    where split_part(d.entry_key, '|', 1) = :rule_name and split_part(d.entry_key, '|', 2) = cast(:version_number as text)
)

delete from game_versions as v
where v.rule_name = :rule_name and v.version_number = cast(:version_number as integer)
