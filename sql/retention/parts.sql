-- Where the rows of these tables lie: in the table itself, or month by month; how many pages each part has.
-- Grain: one row per part of a table; begins_at and ends_at are null where it has no months.
select
    g.table_name,
    c.relname as part_name,
    c.relispartition as is_month,
    substring(pg_get_expr(c.relpartbound, c.oid) from 'FROM \(''([^'']+)''\)')::timestamptz as begins_at,
    substring(pg_get_expr(c.relpartbound, c.oid) from 'TO \(''([^'']+)''\)')::timestamptz as ends_at,
    (pg_relation_size(c.oid) / current_setting('block_size')::bigint) as page_count
from unnest(cast(:table_names as text [])) as g (table_name)
inner join pg_class as c
    on
        c.oid = cast(g.table_name as regclass)
        or c.oid in (select i.inhrelid from pg_inherits as i where i.inhparent = cast(g.table_name as regclass))
where c.relkind = 'r'
order by g.table_name, begins_at, part_name
