-- Deletes how the entries of the game before a day were made, and leaves their amounts.
-- Grain: one row: the rows of evidence that went.
select game.forget_workings(cast(:before_date as date)) as deleted_rows
