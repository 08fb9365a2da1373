-- Keeps one slow measure from holding up all others: each has ten seconds.
-- Grain: none.
set local statement_timeout = '10s'
