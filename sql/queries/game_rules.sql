-- Which rules are there, which version of each holds on a working day, and what did they give since :first_date?
-- Grain: one row per rule; next_*: a version that is published but does not hold yet; given_*: what stands, of the agents that are seen.
with versions as (
    select
        v.rule_name,
        v.version_number,
        v.valid_from_date,
        v.is_on,
        v.spec_text,
        v.purpose_text,
        v.published_at,
        v.published_by_name,
        v.valid_from_date <= cast(:day_date as date) as is_begun,
        max(v.version_number) over (partition by v.rule_name) as newest_number
    from game.rule_versions as v
),

holding as (
    select distinct on (v.rule_name) v.*
    from versions as v
    where v.is_begun
    order by v.rule_name, v.valid_from_date desc, v.version_number desc
),

coming as (
    select distinct on (v.rule_name) v.*
    from versions as v
    where not v.is_begun
    order by v.rule_name, v.valid_from_date, v.version_number desc
),

given as (
    select
        l.rule_name,
        sum(l.entry_points) filter (where l.account_name = 'points') as given_points,
        sum(l.entry_points) filter (where l.account_name = 'coins') as given_coins,
        sum(l.entry_points) filter (where l.account_name = 'badges') as given_badge_count,
        max(l.effective_date) as last_given_date
    from game.ledger as l
    where l.rule_name is not null and l.effective_date between cast(:first_date as date) and cast(:day_date as date)
    group by l.rule_name
),

earners as (
    select
        e.rule_name,
        count(*) as given_agents
    from (
        select
            l.rule_name,
            l.agent_id
        from game.ledger as l
        where l.rule_name is not null and l.effective_date between cast(:first_date as date) and cast(:day_date as date)
        group by l.rule_name, l.agent_id
        having sum(l.entry_points) <> 0
    ) as e
    group by e.rule_name
)

select
    r.rule_name,
    r.kind_name,
    r.is_shipped,
    coalesce(h.is_on, false) as is_on,
    h.version_number,
    h.valid_from_date,
    coalesce(h.spec_text, c.spec_text) as spec_text,
    coalesce(h.purpose_text, c.purpose_text) as purpose_text,
    coalesce(h.published_at, c.published_at) as published_at,
    coalesce(h.published_by_name, c.published_by_name) as published_by_name,
    coalesce(h.newest_number, c.newest_number) as newest_number,
    c.version_number as next_number,
    c.valid_from_date as next_date,
    c.is_on as is_next_on,
    coalesce(g.given_points, 0) as given_points,
    coalesce(g.given_coins, 0) as given_coins,
    coalesce(g.given_badge_count, 0) as given_badge_count,
    coalesce(e.given_agents, 0) as given_agents,
    g.last_given_date,
    (select count(*) from game.holds as w where w.rule_name = r.rule_name and w.state_name = 'held') as held_count
from game.rules as r
left join holding as h on r.rule_name = h.rule_name
left join coming as c on r.rule_name = c.rule_name
left join given as g on r.rule_name = g.rule_name
left join earners as e on r.rule_name = e.rule_name
order by r.kind_name, r.rule_name
