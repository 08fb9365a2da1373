-- How many rows of each rollup were compared.
-- Grain: one row per rollup.
select
    p.table_name,
    count(distinct p.row_key) as compared_rows
from proof_rows as p
group by p.table_name
