-- The awards that are due and were never posted: what guards look at before they are.
-- Grain: one row per entry that is due and has no live award.
select
    d.entry_key,
    d.agent_id,
    d.entry_points,
    d.effective_date,
    split_part(d.entry_key, '|', 1) as rule_name,
    cast(split_part(d.entry_key, '|', 2) as integer) as version_number
from game_desired as d
where
    d.effective_date between cast(:first_date as date) and cast(:last_date as date)
    and not exists (
        select 1 from game.ledger as l
        where
            l.entry_key = d.entry_key and l.kind_name = 'award'
            and not exists (select 1 from game.ledger as r where r.reverses_entry_id = l.entry_id)
    )
