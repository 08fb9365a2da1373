-- Adds one entry to the ledger. sequence_number null: the next of its key; a number: only if the key has no such entry yet.
-- Grain: one row: the number of the entry; none where the entry was there already (so a thing that is due once is done once).
insert into game.ledger (
    entry_key, sequence_number, agent_id, account_name, entry_points, kind_name, rule_name, version_number, tier_name, effective_date,
    period_text, run_id, reverses_entry_id, corrects_entry_id, is_quiet, reason_text, actor_name, workings
)
select
    :entry_key,
    coalesce(
        cast(:sequence_number as integer),
        (select coalesce(max(l.sequence_number), 0) + 1 from game.ledger as l where l.entry_key = :entry_key)
    ),
    cast(:agent_id as integer),
    :account_name,
    cast(:entry_points as integer),
    :kind_name,
    :rule_name,
    cast(:version_number as integer),
    :tier_name,
    cast(:effective_date as date),
    :period_text,
    cast(:run_id as bigint),
    cast(:reverses_entry_id as bigint),
    cast(:corrects_entry_id as bigint),
    cast(:is_quiet as boolean),
    :reason_text,
    :actor_name,
    cast(:workings_text as jsonb)
on conflict (entry_key, sequence_number) do nothing
returning entry_id
