-- Which badges are there on a working day, and which of them does an agent hold?
-- Grain: one row per badge that can be earned on that day, or that the agent holds; counts are of what stands, null tiers are plain.
with newest as (
    select distinct on (v.rule_name)
        v.rule_name,
        v.version_number,
        v.spec_text,
        v.is_on,
        v.published_at
    from game.rule_versions as v
    inner join game.rules as k on v.rule_name = k.rule_name and k.kind_name = 'badge'
    where v.valid_from_date <= cast(:day_date as date)
    order by v.rule_name, v.valid_from_date desc, v.version_number desc
),

held as (
    select
        l.rule_name,
        coalesce(sum(l.entry_points) filter (where l.tier_name is null), 0) as plain_count,
        coalesce(sum(l.entry_points) filter (where l.tier_name = 'bronze'), 0) as bronze_count,
        coalesce(sum(l.entry_points) filter (where l.tier_name = 'silver'), 0) as silver_count,
        coalesce(sum(l.entry_points) filter (where l.tier_name = 'gold'), 0) as gold_count,
        min(l.effective_date) filter (where l.entry_points > 0 and r.entry_id is null) as first_date,
        max(l.effective_date) filter (where l.entry_points > 0 and r.entry_id is null) as last_date,
        max(l.entry_id) filter (where l.entry_points > 0 and r.entry_id is null) as newest_entry_id
    from game.ledger as l
    left join game.ledger as r on l.entry_id = r.reverses_entry_id
    where l.agent_id = :agent_id and l.account_name = 'badges' and l.rule_name is not null
    group by l.rule_name
    having sum(l.entry_points) > 0
)

select
    n.rule_name,
    n.version_number,
    n.spec_text,
    n.is_on,
    n.published_at,
    coalesce(h.plain_count, 0) as plain_count,
    coalesce(h.bronze_count, 0) as bronze_count,
    coalesce(h.silver_count, 0) as silver_count,
    coalesce(h.gold_count, 0) as gold_count,
    h.first_date,
    h.last_date,
    h.newest_entry_id
from newest as n
left join held as h on n.rule_name = h.rule_name
where n.is_on or h.rule_name is not null
order by n.rule_name
