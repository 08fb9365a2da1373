-- Begins a session; its token is known to the browser alone.
-- Grain: one row.
insert into access.sessions (token_sha256, account_id, started_at, ends_at)
values (:token_sha256, :account_id, :started_at, :ends_at)
