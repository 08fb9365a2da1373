-- Where could a reader of the pages find rows past the policies?
-- Grain: one row per hole; none in a warehouse that is as rights.toml says.
with relations as (
    select
        c.oid,
        c.relkind,
        format('%I.%I', n.nspname, c.relname) as relation_name,
        c.relrowsecurity as is_guarded,
        coalesce('security_invoker=true' = any(c.reloptions), false) as is_read_as_reader,
        exists(
            select 1 from pg_attribute as a
            where a.attrelid = c.oid and a.attname in ('agent_id', 'customer_key', 'agent_name') and not a.attisdropped
        ) as has_persons
    from pg_class as c
    inner join pg_namespace as n on c.relnamespace = n.oid
    where
        n.nspname in ('warehouse', 'ops', 'game', 'access', 'released', 'staging', 'public')
        and c.relkind in ('r', 'p', 'v', 'm', 'f')
        and has_table_privilege('floorboard_reader', c.oid, 'select')
)

select relation_name || ' is read without row-level security' as hole_text from relations
where relkind in ('r', 'p', 'f') and has_persons and not is_guarded
union all
select relation_name || ' is a view that reads as its owner' from relations
where relkind = 'v' and not is_read_as_reader
union all
select relation_name || ' is a materialized view' from relations
where relkind = 'm'
union all
select cast(cast(p.oid as regprocedure) as text) || ' reads as its owner' from pg_proc as p
where
    p.prosecdef
    and has_function_privilege('floorboard_reader', p.oid, 'execute')
    and cast(cast(p.pronamespace as regnamespace) as text) not in ('access', 'released')
union all
select 'the role ' || r.rolname || ' is above the policies' from pg_roles as r
where
    r.rolname in ('floorboard_reader', 'floorboard_wall', 'floorboard_pages')
    and (r.rolsuper or r.rolbypassrls or r.rolcreaterole)
