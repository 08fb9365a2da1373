-- Puts what is earned but not posted yet in the place of what was shown before.
-- Grain: one row per award that is not posted yet.
insert into game.today (
    agent_id, entry_key, rule_name, version_number, effective_date, account_name, tier_name, entry_points, is_held, workings, made_at
)
select
    d.agent_id,
    d.entry_key,
    split_part(d.entry_key, '|', 1),
    cast(split_part(d.entry_key, '|', 2) as integer),
    d.effective_date,
    d.account_name,
    d.tier_name,
    d.entry_points,
    coalesce((select bool_or(h.state_name = 'held') from game.holds as h where h.entry_key = d.entry_key), false),
    d.workings,
    cast(:made_at as timestamptz)
from game_desired as d
where
    d.effective_date between cast(:first_date as date) and cast(:last_date as date)
    and not exists (select 1 from game.holds as h where h.entry_key = d.entry_key and h.state_name = 'refused')
    and not exists (select 1 from game.ledger as l where l.entry_key = d.entry_key)
