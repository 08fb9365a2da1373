-- Ends a session.
-- Grain: one row, none where it was over: whose it was.
update access.sessions set ended_at = :ended_at
where token_sha256 = :token_sha256 and ended_at is null
returning account_id
