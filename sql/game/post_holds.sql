-- Has awards wait for a person; one that waits already, or about which somebody has decided, is left as it is.
-- Grain: one row per hold that is new.
insert into game.holds (entry_key, agent_id, rule_name, version_number, effective_date, guard_name, held_points, found_at, evidence)
select
    d.entry_key,
    d.agent_id,
    split_part(d.entry_key, '|', 1),
    cast(split_part(d.entry_key, '|', 2) as integer),
    d.effective_date,
    g.guard_name,
    d.entry_points,
    cast(:found_at as timestamptz),
    cast(g.evidence_text as jsonb)
from unnest(cast(:entry_keys as text []), cast(:guard_names as text []), cast(:evidence_texts as text []))
    as g (entry_key, guard_name, evidence_text)
inner join game_desired as d on g.entry_key = d.entry_key
on conflict (entry_key, guard_name) do nothing
