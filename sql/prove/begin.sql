-- Shows one transaction the same facts and rollups from its first question to its last, whatever is loaded meanwhile.
-- Grain: none.
set local transaction_isolation = 'repeatable read'
