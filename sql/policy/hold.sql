-- Lets no policy come into force, and nobody be erased, until what is being counted is whole.
-- Grain: one row. The other side of this lock is merge/erasures_lock.
select count(pg_advisory_xact_lock_shared(hashtext('ops.erasures'), 0)) as locked_count
