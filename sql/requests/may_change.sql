-- Lets the transaction that begins here change something: those of the pages only read, unless a person asks for more.
-- Grain: nothing is answered.
set local transaction_read_only = off
