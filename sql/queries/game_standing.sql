-- Where does an agent stand in the game: which working day is it for them, which season, what have they been given, what is on?
-- Grain: one row; none where the reader finds no such agent.
with place as (
    select
        a.agent_id,
        a.agent_name,
        coalesce(a.time_zone_name, s.time_zone_name, warehouse.site_zone_name()) as time_zone_name,
        coalesce(o.day_starts_hour, d.day_starts_hour, 4) as day_starts_hour,
        coalesce(o.settle_hours, d.settle_hours, 4) as settle_hours
    from warehouse.agents as a
    left join warehouse.sites as s on a.site_name = s.site_name
    left join game.settings as o on a.site_name = o.site_name
    left join game.settings as d on d.site_name is null
    where a.agent_id = :agent_id
),

days as (
    select
        p.agent_id,
        p.agent_name,
        p.time_zone_name,
        p.settle_hours,
        cast((cast(:as_of as timestamptz) at time zone p.time_zone_name) - make_interval(hours => p.day_starts_hour) as date) as day_date,
        p.day_starts_hour
    from place as p
),

given as (
    select
        coalesce(sum(l.entry_points) filter (where l.account_name = 'points'), 0) as lifetime_points,
        coalesce(sum(l.entry_points) filter (where l.account_name = 'coins'), 0) as coins_count,
        coalesce(sum(l.entry_points) filter (where l.account_name = 'badges'), 0) as badges_count
    from game.ledger as l
    where l.agent_id = :agent_id
)

select
    d.agent_id,
    d.agent_name,
    d.time_zone_name,
    d.day_date,
    ((d.day_date + 1) + make_interval(hours => d.day_starts_hour + d.settle_hours)) at time zone d.time_zone_name as posts_at,
    s.season_name,
    s.start_date as season_start_date,
    s.end_date as season_end_date,
    s.freezes as freezes_count,
    g.lifetime_points,
    g.coins_count,
    g.badges_count,
    (
        select count(*) from (
            select distinct on (v.rule_name) v.is_on
            from game.rule_versions as v
            where v.valid_from_date <= d.day_date
            order by v.rule_name, v.valid_from_date desc, v.version_number desc
        ) as n
        where n.is_on
    ) as rules_count,
    (
        select max(v.spec_text) from (
            select distinct on (v.rule_name)
                v.is_on,
                v.spec_text
            from game.rule_versions as v
            inner join game.rules as k on v.rule_name = k.rule_name and k.kind_name = 'level'
            where v.valid_from_date <= d.day_date
            order by v.rule_name, v.valid_from_date desc, v.version_number desc
        ) as v
        where v.is_on
    ) as level_spec_text
from days as d
cross join given as g
left join game.seasons as s on d.day_date >= s.start_date and d.day_date < s.end_date
