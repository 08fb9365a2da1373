-- Asks that a season that is over is closed: the loader closes its last days, and then the season, with the hash of its ledger.
-- Grain: one row per season that was asked for now; none where it runs still, is closed, or was asked for before.
update game.seasons as s set
    state_name = 'settling',
    closed_by_name = :actor_name
where s.season_name = :season_name and s.state_name = 'open' and s.end_date <= cast(:day_date as date)
returning s.season_name
