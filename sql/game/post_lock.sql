-- Waits until nobody else reconciles, closes or re-scores, and keeps others waiting until the transaction ends.
-- Grain: one row.
select
    set_config('lock_timeout', '600s', true) as patience_text,
    count(pg_advisory_xact_lock(hashtext('game.ledger'))) as locked_count
