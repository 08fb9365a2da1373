-- Forgets what was shown as not posted yet; nobody else makes it anew until the transaction ends.
-- Grain: one row per award that was shown.
delete from game.today as t
where (select count(pg_advisory_xact_lock(hashtext('game.today'))) from (select 1) as l) = 1
