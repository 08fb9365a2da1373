-- Lets a session that is used go on, up to its longest time; one that lasts longer anyway stays as it is.
-- Grain: one row, none where it is over or lasts long enough.
update access.sessions as s
set ends_at = least(s.started_at + make_interval(secs => :lasts_seconds), :seen_at + make_interval(secs => :idle_seconds))
where
    s.token_sha256 = :token_sha256 and s.ended_at is null and s.ends_at > :seen_at
    and s.ends_at < least(s.started_at + make_interval(secs => :lasts_seconds), :seen_at + make_interval(secs => :idle_seconds))
