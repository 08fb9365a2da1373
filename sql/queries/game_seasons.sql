-- Which seasons are there, how far is each closed, who closed it, and with which hash of the ledger?
-- Grain: one row per season, the newest first; season_days: its working days; closed_days: those of them that are closed.
select
    s.season_name,
    s.start_date,
    s.end_date,
    s.end_date - s.start_date as season_days,
    s.state_name,
    s.freezes as freeze_count,
    s.closed_at,
    s.closed_by_name,
    s.ledger_sha256 as hash_text,
    d.closed_days,
    d.last_closed_date,
    d.last_hash_text,
    l.given_points,
    l.given_badge_count,
    l.given_agents
from game.seasons as s
left join lateral (
    select
        count(*) as closed_days,
        max(c.day_date) as last_closed_date,
        (array_agg(c.ledger_sha256 order by c.day_date desc))[1] as last_hash_text
    from game.day_closes as c
    where c.day_date >= s.start_date and c.day_date < s.end_date
) as d on true
left join lateral (
    select
        coalesce(sum(e.entry_points) filter (where e.account_name = 'points'), 0) as given_points,
        coalesce(sum(e.entry_points) filter (where e.account_name = 'badges'), 0) as given_badge_count,
        count(distinct e.agent_id) as given_agents
    from game.ledger as e
    where e.effective_date >= s.start_date and e.effective_date < s.end_date
) as l on true
order by s.start_date desc
