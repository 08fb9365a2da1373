-- Takes a thank-you from one state to the next.
-- Grain: one row per thank-you that was in that state.
update game.kudos set
    state_name = :to_name,
    ended_at = case when :to_name = 'standing' then null else cast(:at as timestamptz) end,
    note_text = coalesce(nullif(:note_text, ''), note_text),
    entry_id = cast(:entry_id as bigint)
where kudos_id = cast(:kudos_id as bigint) and state_name = :from_name
returning kudos_id
