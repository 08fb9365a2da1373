-- Which past days does an approved request have scored by another version of a rule than the one that held then?
-- Grain: one row per approved request, the oldest first; ended_at is null until the ledger says so.
select
    r.run_id,
    r.first_date,
    r.last_date,
    r.ended_at,
    cast(r.note_text as jsonb) ->> 'rule_name' as rule_name,
    cast(cast(r.note_text as jsonb) ->> 'version_number' as integer) as version_number
from game.runs as r
where r.kind_name = 'rescore' and left(r.note_text, 1) = '{' and cast(r.note_text as jsonb) ->> 'state' = 'approved'
order by r.run_id
