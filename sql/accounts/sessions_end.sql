-- Ends all sessions of an account.
-- Grain: one row per session.
update access.sessions set ended_at = :ended_at
where account_id = :account_id and ended_at is null
