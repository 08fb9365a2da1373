-- How rare is each badge: how many of the agents hold it in this tier or a higher one?
-- Grain: one row per badge and tier that somebody holds. holders_ratio is null where so few hold it, or so few do not, that it
-- would tell of single people (access.fewest_agents()).
with tiers (tier_name, tier_number) as (
    values ('plain', 0), ('bronze', 1), ('silver', 2), ('gold', 3)
),

people as (
    select count(*) as agents_count from warehouse.agents as a where a.is_active
),

standing as (
    select
        l.rule_name,
        l.agent_id,
        t.tier_number
    from game.ledger as l
    inner join warehouse.agents as a on l.agent_id = a.agent_id and a.is_active
    inner join tiers as t on coalesce(l.tier_name, 'plain') = t.tier_name
    where l.account_name = 'badges' and l.rule_name is not null
    group by l.rule_name, l.agent_id, t.tier_number
    having sum(l.entry_points) > 0
),

best as (
    select
        s.rule_name,
        s.agent_id,
        max(s.tier_number) as tier_number
    from standing as s
    group by s.rule_name, s.agent_id
),

counted as (
    select
        b.rule_name,
        t.tier_name,
        t.tier_number,
        count(distinct b.agent_id) as holders_count
    from best as b
    inner join tiers as t on b.tier_number >= t.tier_number and (t.tier_number > 0 or b.tier_number = 0)
    group by b.rule_name, t.tier_name, t.tier_number
)

select
    c.rule_name,
    c.tier_name,
    v.spec_text,
    case
        when least(c.holders_count, p.agents_count - c.holders_count) >= access.fewest_agents()
            -- in steps of five of a hundred, so that one person more or less shows nowhere
            then cast(round(20.0 * c.holders_count / p.agents_count) / 20 as double precision)
    end as holders_ratio
from counted as c
cross join people as p
inner join lateral (
    select n.spec_text
    from game.rule_versions as n
    where n.rule_name = c.rule_name
    order by n.version_number desc
    limit 1
) as v on true
order by c.rule_name, c.tier_number
