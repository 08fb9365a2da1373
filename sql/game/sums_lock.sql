-- Waits until nobody else makes sums, and keeps others waiting until the transaction ends.
-- Grain: one row.
select
    set_config('lock_timeout', '600s', true) as patience_text,
    count(pg_advisory_xact_lock(hashtext('game.sums'))) as locked_count
