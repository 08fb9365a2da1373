-- Forgets the badges that an erased agent took home, with the hash of their address in them; what was revoked stays revoked.
-- Grain: nothing is answered.
delete from game.credentials
where agent_id = :agent_id
