-- Takes somebody who is erased out of the game's texts; agent_id null: who was no agent. The ledger stays, under no name.
-- Grain: one row.
select game.forget_person(cast(:agent_id as integer), cast(:told_texts as text []), :instead_text) as changed_rows
