-- Holds a source's cursor until the transaction ends, so that one loader at a time moves it.
-- Grain: one row.
select
    c.position_text,
    c.carry_text
from ops.cursors as c
where c.source_name = :source_name
for update
