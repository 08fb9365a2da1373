-- How each agent's streak went: a met day lengthens it, a missed one takes a freeze of the season, or ends it.
-- Grain: one row per agent and day that counts.
select
    a.agent_id,
    a.dates[t.place] as effective_date,
    t.is_met,
    t.streak_days,
    t.best_days,
    t.freezes_left,
    t.is_frozen,
    t.first_date
from (
    select
        o.agent_id,
        array_agg(o.effective_date order by o.effective_date) as dates,
        array_agg(o.is_met order by o.effective_date) as mets,
        -- -1: the freezes of the day before go on; else a season (or the time outside of all) begins with so many
        array_agg(case when o.is_new_season then o.freezes else -1 end order by o.effective_date) as refills
    from (
        select
            d.*,
            coalesce(d.season_start_date <> lag(d.season_start_date) over days_of_agent, true) as is_new_season
        from goal_days as d
        window days_of_agent as (partition by d.agent_id order by d.effective_date)
    ) as o
    group by o.agent_id
) as a
cross join lateral (
    with recursive steps as (
        select
            0 as place,
            false as is_met,
            0 as streak_days,
            0 as best_days,
            0 as freezes_left,
            false as is_frozen,
            cast(null as date) as first_date
        union all
        select
            n.place,
            n.is_met,
            n.streak_days,
            greatest(n.best_days, n.streak_days),
            n.freezes_left - cast(n.is_frozen as integer),
            n.is_frozen,
            case
                when n.streak_days = 0 then null
                when n.days_before = 0 then a.dates[n.place]
                else n.first_date
            end
        from (
            select
                f.place,
                f.is_met,
                f.days_before,
                f.best_days,
                f.freezes_left,
                f.first_date,
                not f.is_met and f.days_before > 0 and f.freezes_left > 0 as is_frozen,
                case
                    when f.is_met then f.days_before + 1
                    when f.freezes_left > 0 then f.days_before
                    else 0
                end as streak_days
            from (
                select
                    s.place + 1 as place,
                    a.mets[s.place + 1] as is_met,
                    s.streak_days as days_before,
                    s.best_days,
                    s.first_date,
                    case when a.refills[s.place + 1] >= 0 then a.refills[s.place + 1] else s.freezes_left end as freezes_left
                from steps as s
                where s.place < cardinality(a.dates)
            ) as f
        ) as n
    )

    select p.* from steps as p where p.place > 0
) as t
