-- How far every source was read, and what it carries from batch to batch.
-- Grain: one row per source.
select
    c.source_name,
    c.position_text,
    c.carry_text
from ops.cursors as c
order by c.source_name
