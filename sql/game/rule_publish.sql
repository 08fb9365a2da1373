-- Publishes a version of a rule: what it says and from which working day on. The next number of its rule, in one line of them.
-- Grain: one row: the number of the version; none where it says word for word what the newest version does.
with taken as materialized (
    select pg_advisory_xact_lock(hashtext('game.rules')) as lock_text
),

named as (
    insert into game.rules (rule_name, kind_name, is_shipped)
    select
        :rule_name,
        :kind_name,
        cast(:is_shipped as boolean)
    from taken
    on conflict (rule_name) do nothing
),

newest as (
    select
        v.version_number,
        v.spec_sha256,
        v.is_on
    from game.rule_versions as v
    where v.rule_name = :rule_name
    order by v.version_number desc
    limit 1
)

insert into game.rule_versions (
    rule_name, version_number, valid_from_date, is_on, spec_text, spec_sha256, purpose_text, published_at, published_by_name, why_text
)
select
    :rule_name,
    coalesce((select n.version_number from newest as n), 0) + 1,
    cast(:valid_from_date as date),
    cast(:is_on as boolean),
    :spec_text,
    :spec_sha256,
    :purpose_text,
    cast(:published_at as timestamptz),
    :actor_name,
    coalesce(:why_text, '')
from taken
where
    not exists (
        select 1 from newest as n
        where n.spec_sha256 = :spec_sha256 and n.is_on = cast(:is_on as boolean)
    )
returning version_number
