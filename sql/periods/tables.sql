-- Every table that holds what stands for a caller.
-- Grain: one row per table, partitions with their parent.
select
    c.table_schema as schema_name,
    c.table_name
from information_schema.columns as c
inner join pg_catalog.pg_class as t on t.oid = to_regclass(format('%I.%I', c.table_schema, c.table_name))
where
    c.table_schema in ('warehouse', 'ops') and c.column_name = 'customer_key'
    and t.relkind in ('r', 'p') and not t.relispartition
order by c.table_schema, c.table_name
