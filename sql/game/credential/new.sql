-- Notes a badge that was taken home.
-- Grain: nothing is answered.
insert into game.credentials (credential_key, status_number, agent_id, entry_id, key_id, issued_at, token_text)
values (:credential_key, :status_number, :agent_id, :entry_id, :key_id, :issued_at, :token_text)
