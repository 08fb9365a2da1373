-- Which working day is it at the site, since when are there points, and which entry is the newest?
-- Grain: one row.
select
    game.site_date(cast(:at as timestamptz)) as site_date,
    (select min(l.effective_date) from game.ledger as l) as first_date,
    (select coalesce(max(l.entry_id), 0) from game.ledger as l) as newest_entry_id
