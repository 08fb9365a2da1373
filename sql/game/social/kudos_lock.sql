-- Lets nobody else thank in the name of the same person until the transaction ends, so that two tabs count as one.
-- Grain: one row.
select pg_advisory_xact_lock(hashtext('game.kudos'), hashtext(:giver_text)) is not null as is_held
