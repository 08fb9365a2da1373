-- Lets an erasure wait for the batches that run, and look through every text, for as long as it takes.
-- Grain: one row. Holds until the transaction ends.
select
    set_config('lock_timeout', '60s', true) as lock_text,
    set_config('statement_timeout', '0', true) as statement_text,
    set_config('idle_in_transaction_session_timeout', '0', true) as idle_text
