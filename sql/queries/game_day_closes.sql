-- Which working days of a season are closed, and what is the hash of the ledger after each?
-- Grain: one row per closed working day of [:first_date, :last_date], the newest first.
select
    c.day_date,
    c.closed_at,
    c.entries as entry_count,
    c.ledger_sha256 as hash_text
from game.day_closes as c
where c.day_date between cast(:first_date as date) and cast(:last_date as date)
order by c.day_date desc
