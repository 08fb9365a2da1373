-- Forgets sessions that are long over.
-- Grain: one row per session.
delete from access.sessions
where coalesce(ended_at, ends_at) < :older_than
