-- Waits for the batches that run, no longer than a moment, and lets none begin until the transaction ends.
-- Grain: one row. A batch holds the other side of this lock (merge/facts_lock).
select
    set_config('lock_timeout', :patience_text, true) as lock_timeout_text,
    count(pg_advisory_xact_lock(hashtext('ops.erasures'), 0)) as locked_count
