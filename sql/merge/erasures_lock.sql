-- Waits for the batches that run, and lets none begin until the erasure is whole.
-- Grain: one row. A batch holds the other side of this lock (merge/facts_lock).
select count(pg_advisory_xact_lock(hashtext('ops.erasures'), 0)) as locked_count
