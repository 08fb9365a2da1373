-- Does this warehouse know of accounts at all? One that waits for its migration does not.
-- Grain: one row.
select to_regclass('access.accounts') is not null as is_there
